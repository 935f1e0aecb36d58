// Drives a node with the official OpenAI client: models, chat, stream, tools, formats, choices, logprobs,
// completions, embeddings, responses, abort, errors.
// usage: node openai.mjs BASE_URL MODEL SLOW_MODEL CAPABLE_MODEL EMBEDDING_MODEL
import assert from 'node:assert/strict';
import OpenAI from 'openai';

const [base, model, slowModel, capable, embedder] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: 'unused', maxRetries: 0, timeout: 30_000 });

const names = [];
for await (const each of client.models.list()) names.push(each.id);
assert.ok(names.includes(model), `models lists ${model}: ${names}`);
assert.equal((await client.models.retrieve(model)).id, model);

const question = { model, messages: [{ role: 'user', content: 'Say the numbers.' }] };
const { data: answer, response } = await client.chat.completions.create(question).withResponse();
assert.equal(answer.object, 'chat.completion');
assert.equal(answer.model, model);
assert.equal(answer.choices[0].finish_reason, 'stop');
assert.equal(answer.choices[0].message.role, 'assistant');
const text = answer.choices[0].message.content;
assert.ok(text.length > 0);
assert.ok(answer.usage.prompt_tokens > 0 && answer.usage.completion_tokens > 0);
assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
assert.match(response.headers.get('x-waggle-node'), /^12D3KooW/);
assert.match(response.headers.get('x-waggle-task'), /^[0-9a-f]{32}$/);

let streamed = '';
let finish;
let usage;
const stream = await client.chat.completions.create({
  ...question, stream: true, stream_options: { include_usage: true },
});
for await (const chunk of stream) {
  assert.equal(chunk.object, 'chat.completion.chunk');
  streamed += chunk.choices[0]?.delta?.content ?? '';
  finish = chunk.choices[0]?.finish_reason ?? finish;
  usage = chunk.usage ?? usage;
}
assert.equal(streamed, text, 'the same prompt streams the same answer');
assert.equal(finish, 'stop');
assert.ok(usage.completion_tokens > 0);

const schema = {
  type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false,
};
const tools = [
  { type: 'function', function: { name: 'weather', description: 'of a city', parameters: schema } },
];
const asked = { model: capable, messages: [{ role: 'user', content: 'How is the weather?' }], tools };
const calling = (await client.chat.completions.create(asked)).choices[0];
assert.equal(calling.finish_reason, 'tool_calls');
const call = calling.message.tool_calls[0];
assert.equal(call.type, 'function');
assert.equal(call.function.name, 'weather');
assert.deepEqual(JSON.parse(call.function.arguments), { city: 'Bern' });

const runner = client.chat.completions.stream(asked); // It puts the deltas of a stream together.
let deltas = '';
runner.on('tool_calls.function.arguments.delta', (event) => { deltas += event.arguments_delta; });
const put = (await runner.finalChatCompletion()).choices[0];
assert.equal(put.finish_reason, 'tool_calls');
assert.equal(put.message.tool_calls[0].function.name, 'weather');
assert.ok(put.message.tool_calls[0].id.length > 0);
assert.deepEqual(JSON.parse(deltas), { city: 'Bern' });

const told = await client.chat.completions.create({
  ...asked,
  messages: [...asked.messages, calling.message, { role: 'tool', tool_call_id: call.id, content: 'rain' }],
});
assert.equal(told.choices[0].finish_reason, 'stop');
assert.equal(told.choices[0].message.content, text);

const formed = await client.chat.completions.parse({
  model: capable,
  messages: [{ role: 'user', content: 'Name a city.' }],
  response_format: { type: 'json_schema', json_schema: { name: 'place', strict: true, schema } },
});
assert.deepEqual(JSON.parse(formed.choices[0].message.content), { city: 'Bern' });

const both = await client.chat.completions.create({ ...question, n: 2 });
assert.deepEqual(both.choices.map((each) => [each.index, each.message.content]), [[0, text], [1, text]]);
assert.ok(both.usage.completion_tokens > answer.usage.completion_tokens);

const likely = await client.chat.completions.create({ ...question, logprobs: true, top_logprobs: 2 });
const tokens = likely.choices[0].logprobs.content;
assert.equal(tokens.map((each) => each.token).join(''), text);
assert.ok(tokens.every((each) => each.logprob <= 0 && each.top_logprobs.length === 2));
assert.equal(Buffer.from(tokens.flatMap((each) => each.bytes)).toString(), text);

const filled = await client.completions.create({ model, prompt: 'a', suffix: 'z' });
assert.equal(filled.object, 'text_completion');
assert.equal(filled.choices[0].text, '<middle of z>');
let filling = '';
for await (const chunk of await client.completions.create({ model, prompt: 'a', suffix: 'z', stream: true })) {
  filling += chunk.choices[0]?.text ?? '';
}
assert.equal(filling, '<middle of z>');

const input = ['bees', 'honey'];
const coded = await client.embeddings.create({ model: embedder, input }); // The client asks for base64.
const numbers = await client.embeddings.create({ model: embedder, input, encoding_format: 'float' });
assert.equal(coded.data.length, 2);
assert.ok(coded.usage.prompt_tokens > 0);
coded.data.forEach((each, index) => {
  assert.equal(each.index, index);
  assert.ok(each.embedding.length > 0);
  assert.deepEqual(each.embedding, [...Float32Array.from(numbers.data[index].embedding)]);
});

const whole = await client.responses.create({ model, input: 'Say the numbers.', instructions: 'Be brief.' });
assert.equal(whole.status, 'completed');
assert.equal(whole.output_text, text);
assert.ok(whole.usage.output_tokens > 0);
let responded = '';
let completed;
for await (const event of await client.responses.create({ model, input: 'Say the numbers.', stream: true })) {
  if (event.type === 'response.output_text.delta') responded += event.delta;
  if (event.type === 'response.completed') completed = event.response;
}
assert.equal(responded, text);
assert.equal(completed.output[0].content[0].text, text);
const gathered = await client.responses.stream({ model, input: 'Say the numbers.' }).finalResponse();
assert.equal(gathered.output[0].content[0].text, text, 'the client puts the same together');

const functions = [
  { type: 'function', name: 'weather', description: 'of a city', parameters: schema, strict: true },
];
const wanting = await client.responses.create({ model: capable, input: 'How is the weather?', tools: functions });
const wanted = wanting.output.find((each) => each.type === 'function_call');
assert.equal(wanted.name, 'weather');
assert.deepEqual(JSON.parse(wanted.arguments), { city: 'Bern' });
const streaming = await client.responses
  .stream({ model: capable, input: 'How is the weather?', tools: functions })
  .finalResponse();
const wantedLater = streaming.output.find((each) => each.type === 'function_call');
assert.deepEqual(JSON.parse(wantedLater.arguments), { city: 'Bern' });
const after = await client.responses.create({
  model: capable,
  tools: functions,
  input: [
    { role: 'user', content: 'How is the weather?' },
    ...wanting.output,
    { type: 'function_call_output', call_id: wanted.call_id, output: 'rain' },
  ],
});
assert.equal(after.output_text, text);

const abort = new AbortController();
let seen = 0;
await assert.rejects(async () => {
  const endless = await client.chat.completions.create(
    { ...question, model: slowModel, stream: true }, { signal: abort.signal });
  for await (const chunk of endless) {
    if (chunk.choices[0]?.delta?.content && ++seen === 2) abort.abort();
  }
  if (abort.signal.aborted) throw new OpenAI.APIUserAbortError();
}, OpenAI.APIUserAbortError);
assert.ok(seen < 20, `an aborted answer ends: ${seen} pieces`); // A few may have arrived already.

await assert.rejects(
  client.chat.completions.create({ ...question, model: 'no-such-model' }),
  (error) => error instanceof OpenAI.NotFoundError && error.code === 'model_not_found'
    && error.message.includes('no-such-model'));
await assert.rejects(
  client.chat.completions.create({ ...question, temperature: 'hot' }),
  (error) => error instanceof OpenAI.BadRequestError && error.param === 'temperature');

console.log('openai client: models, chat, tools, formats, completions, embeddings, responses, abort, errors: ok');
