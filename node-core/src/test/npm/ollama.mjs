// Drives a node with the official Ollama client: version, models, chat, generate, stream, abort, errors.
// usage: node ollama.mjs BASE_URL MODEL SLOW_MODEL
import assert from 'node:assert/strict';
import { Ollama } from 'ollama';

const [base, model, slowModel] = process.argv.slice(2);
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

console.log('ollama client: version, list, chat, generate, stream, abort, errors: ok');
