// Drives a node with the official Ollama client: version, models, chat, tools, formats, thoughts, images, generate,
// embeddings, stream, abort, errors.
// usage: node ollama.mjs BASE_URL MODEL SLOW_MODEL CAPABLE_MODEL EMBEDDING_MODEL THINKING_MODEL
import assert from 'node:assert/strict';
import { Ollama } from 'ollama';

const [base, model, slowModel, capable, embedder, thinker] = process.argv.slice(2);
const client = new Ollama({ host: base });

assert.match((await client.version()).version, /^\d+\.\d+\.\d+/);
const listed = (await client.list()).models;
const entry = listed.find((each) => each.name === model);
assert.ok(entry, `list names ${model}: ${listed.map((each) => each.name)}`);
assert.match(entry.digest, /^[0-9a-f]{64}$/);

const messages = [{ role: 'user', content: 'Say the numbers.' }];
const answer = await client.chat({ model, messages });
assert.equal(answer.model, model);
assert.equal(answer.done, true);
assert.equal(answer.done_reason, 'stop');
assert.equal(answer.message.role, 'assistant');
assert.ok(answer.message.content.length > 0);
assert.ok(answer.prompt_eval_count > 0 && answer.eval_count > 0 && answer.total_duration > 0);

let streamed = '';
let last;
for await (const part of await client.chat({ model, messages, stream: true })) {
  streamed += part.message.content;
  last = part;
}
assert.equal(streamed, answer.message.content, 'the same prompt streams the same answer');
assert.equal(last.done, true);
assert.equal(last.eval_count, answer.eval_count);

const generated = await client.generate({ model, prompt: 'Say the numbers.' });
assert.equal(generated.done, true);
assert.ok(generated.response.length > 0);

const running = (await client.ps()).models;
assert.ok(running.some((each) => each.name === model && each.digest === entry.digest), 'ps names what is loaded');
const shown = await client.show({ model: capable });
for (const each of ['completion', 'tools', 'vision', 'insert']) assert.ok(shown.capabilities.includes(each));

const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const tools = [
  { type: 'function', function: { name: 'weather', description: 'of a city', parameters: schema } },
];
const asked = { model: capable, messages: [{ role: 'user', content: 'How is the weather?' }], tools };
const calling = await client.chat(asked);
assert.equal(calling.message.tool_calls.length, 1);
assert.equal(calling.message.tool_calls[0].function.name, 'weather');
assert.deepEqual(calling.message.tool_calls[0].function.arguments, { city: 'Bern' });
const calls = [];
for await (const part of await client.chat({ ...asked, stream: true })) {
  calls.push(...(part.message.tool_calls ?? []));
}
assert.deepEqual(calls.map((each) => each.function.arguments), [{ city: 'Bern' }]);
const told = await client.chat({
  ...asked,
  messages: [...asked.messages, calling.message, { role: 'tool', tool_name: 'weather', content: 'rain' }],
});
assert.equal(told.message.content, answer.message.content);

for (const format of ['json', schema]) {
  const formed = await client.chat({ model: capable, messages, format });
  assert.deepEqual(JSON.parse(formed.message.content), { city: 'Bern' });
}

const thought = await client.chat({ model: thinker, messages, think: true });
assert.equal(thought.message.thinking, 'let me count');
assert.equal(thought.message.content, answer.message.content);
const quick = await client.chat({ model: thinker, messages, think: false });
assert.equal(quick.message.thinking, undefined);
assert.equal(quick.message.content, answer.message.content);

const images = [new Uint8Array([0x89, 0x50, 0x4e, 0x47]), new Uint8Array([0xff, 0xd8, 0xff])];
const looked = await client.chat({ model: capable, messages: [{ role: 'user', content: 'What is it?', images }] });
assert.equal(looked.message.content, 'I see 2 images.');

const filled = await client.generate({ model: capable, prompt: 'a', suffix: 'z' });
assert.equal(filled.response, '<middle of z>');
let raw = '';
for await (const part of await client.generate({ model: capable, prompt: 'as it is', raw: true, stream: true })) {
  raw += part.response;
}
assert.equal(raw, 'raw: as it is');

const embedded = await client.embed({ model: embedder, input: ['bees', 'honey'] });
assert.equal(embedded.embeddings.length, 2);
assert.ok(embedded.prompt_eval_count > 0);
const older = await client.embeddings({ model: embedder, prompt: 'bees' });
assert.deepEqual(older.embedding, embedded.embeddings[0]);
assert.deepEqual((await client.embed({ model: embedder, input: 'honey' })).embeddings, [embedded.embeddings[1]]);

let seen = 0;
const endless = await client.chat({ model: slowModel, messages, stream: true });
await assert.rejects(async () => {
  for await (const part of endless) {
    if (part.message.content && ++seen === 2) endless.abort();
  }
}, { name: 'AbortError' });
assert.ok(seen < 20, `an aborted answer ends: ${seen} pieces`); // A few may have arrived already.

await assert.rejects(
  client.chat({ model: 'no-such-model', messages }),
  (error) => error.status_code === 404 && error.message.includes('no-such-model'));

console.log('ollama client: models, chat, tools, formats, thoughts, images, generate, embeddings, abort, errors: ok');
