// Drives a node with the AI SDK and its provider for OpenAI-compatible servers: text, stream, thoughts, tools, objects,
// embeddings, abort, errors.
// usage: node ai-sdk.mjs BASE_URL MODEL SLOW_MODEL CAPABLE_MODEL EMBEDDING_MODEL THINKING_MODEL
import assert from 'node:assert/strict';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { embed, embedMany, generateText, jsonSchema, Output, stepCountIs, streamText, tool } from 'ai';

const [base, model, slowModel, capable, embedder, thinker] = process.argv.slice(2);
const waggle = createOpenAICompatible({
  name: 'waggle', baseURL: `${base}/v1`, includeUsage: true, supportsStructuredOutputs: true,
});
const prompt = 'Say the numbers.';

const answer = await generateText({ model: waggle(model), system: 'Be brief.', prompt, maxRetries: 0 });
assert.ok(answer.text.length > 0);
assert.equal(answer.finishReason, 'stop');
assert.ok(answer.usage.inputTokens > 0 && answer.usage.outputTokens > 0);

const stream = streamText({ model: waggle(model), prompt, maxRetries: 0 });
let streamed = '';
for await (const piece of stream.textStream) streamed += piece;
assert.equal(streamed, answer.text, 'the same prompt streams the same answer');
assert.equal(await stream.finishReason, 'stop');
assert.equal((await stream.usage).outputTokens, answer.usage.outputTokens);

const thought = await generateText({ model: waggle(thinker), prompt, maxRetries: 0 });
assert.equal(thought.reasoningText, 'let me count');
assert.equal(thought.text, answer.text);

const city = jsonSchema({
  type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false,
});
const asked = [];
const weather = tool({
  description: 'of a city',
  inputSchema: city,
  execute: async (input) => {
    asked.push(input.city);
    return 'rain';
  },
});
const steps = { model: waggle(capable), prompt, tools: { weather }, stopWhen: stepCountIs(3), maxRetries: 0 };
const told = await generateText(steps);
assert.equal(told.steps.length, 2, 'one step calls, the next one answers');
assert.equal(told.steps[0].finishReason, 'tool-calls');
assert.equal(told.text, answer.text);
const telling = streamText(steps);
assert.equal(await telling.text, answer.text);
assert.deepEqual(asked, ['Bern', 'Bern']);

const formed = await generateText({
  model: waggle(capable), prompt, output: Output.object({ schema: city }), maxRetries: 0,
});
assert.deepEqual(formed.output, { city: 'Bern' });

const vectors = await embedMany({
  model: waggle.embeddingModel(embedder), values: ['bees', 'honey'], maxRetries: 0,
});
assert.equal(vectors.embeddings.length, 2);
const vector = await embed({ model: waggle.embeddingModel(embedder), value: 'honey', maxRetries: 0 });
assert.deepEqual(vector.embedding, vectors.embeddings[1]);
assert.ok(vector.usage.tokens > 0);

const abort = new AbortController();
let seen = 0;
const endless = streamText({ model: waggle(slowModel), prompt, abortSignal: abort.signal, maxRetries: 0 });
for await (const piece of endless.textStream) {
  if (piece && ++seen === 2) abort.abort();
}
assert.ok(seen < 20, `an aborted answer ends: ${seen} pieces`); // A few may have arrived already.

await assert.rejects(
  generateText({ model: waggle('no-such-model'), prompt, maxRetries: 0 }),
  (error) => error.statusCode === 404 && error.message.includes('no-such-model'));

console.log('AI SDK: text, stream, thoughts, tools, objects, embeddings, abort, errors: ok');
