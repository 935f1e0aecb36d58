// Drives a node with the official OpenAI client: models, chat, stream, abort, errors.
// usage: node openai.mjs BASE_URL MODEL SLOW_MODEL
import assert from 'node:assert/strict';
import OpenAI from 'openai';

const [base, model, slowModel] = process.argv.slice(2);
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

console.log('openai client: models, chat, stream, abort, errors: ok');
