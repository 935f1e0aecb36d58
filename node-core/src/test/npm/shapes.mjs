// Compares what a node really answers with the types of the official OpenAI client, which are generated from OpenAI's
// description of its API: each answer becomes a literal of its type, so that a field that is missing, of a wrong kind or
// unknown there is an error of the compiler.
// usage: node shapes.mjs BASE_URL MODEL FAILING_MODEL CAPABLE_MODEL EMBEDDING_MODEL THINKING_MODEL
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const [base, model, failing, capable, embedder, thinker] = process.argv.slice(2);
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const messages = [{ role: 'user', content: 'Say the numbers.' }];
const weather = [{ role: 'user', content: 'How is the weather?' }];
const tools = [{ type: 'function', function: { name: 'weather', description: 'of a city', parameters: schema } }];
const functions = [{ type: 'function', name: 'weather', description: 'of a city', parameters: schema, strict: false }];

const found = []; // [type, body, where it came from]

async function post(path, body, status = 200) {
  const response = await fetch(`${base}/v1/${path}`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
  });
  assert.equal(response.status, status, `${path}: ${response.status}`);
  return response;
}
async function whole(type, path, body, status) {
  const answer = await (await post(path, body, status)).json();
  found.push([type, answer, path]);
  return answer;
}
async function streamed(type, path, body) {
  const text = await (await post(path, { ...body, stream: true })).text();
  const events = text.split('\n').filter((line) => line.startsWith('data: ') && line !== 'data: [DONE]')
    .map((line) => JSON.parse(line.slice('data: '.length)));
  assert.ok(events.length > 1, `${path} streams: ${text}`);
  for (const each of events) found.push([each.error ? 'Failure' : type, each, `${path}, streamed`]);
  return events;
}

const usage = { stream_options: { include_usage: true } };
const plain = await whole('Chat', 'chat/completions', { model, messages });
await whole('Chat', 'chat/completions', { model, messages, n: 2 });
await whole('Chat', 'chat/completions', { model, messages, max_tokens: 2 });
await whole('Chat', 'chat/completions', { model, messages, logprobs: true, top_logprobs: 2 });
await whole('Chat', 'chat/completions', { model: thinker, messages });
const called = await whole('Chat', 'chat/completions', { model: capable, messages: weather, tools });
assert.equal(called.choices[0].message.tool_calls.length, 1);
await streamed('Chunk', 'chat/completions', { model, messages });
await streamed('Chunk', 'chat/completions', { model, messages, ...usage, n: 2 });
await streamed('Chunk', 'chat/completions', { model, messages, logprobs: true, top_logprobs: 2 });
await streamed('Chunk', 'chat/completions', { model: thinker, messages });
const deltas = await streamed('Chunk', 'chat/completions', { model: capable, messages: weather, tools });
assert.ok(deltas.some((each) => each.choices[0]?.delta.tool_calls), 'calls are streamed');

const broken = await streamed('Chunk', 'chat/completions', { model: failing, messages });
assert.ok(broken.at(-1).error, 'an answer that breaks off ends with an error');

await whole('Completion', 'completions', { model, prompt: 'a', suffix: 'z' });
await whole('Completion', 'completions', { model, prompt: 'a', n: 2, logprobs: 2 });
await streamed('CompletionPart', 'completions', { model, prompt: 'a', ...usage });
await streamed('CompletionPart', 'completions', { model, prompt: 'a', logprobs: 2 });
await whole('Embeddings', 'embeddings', { model: embedder, input: ['bees', 'honey'] });
await whole('CodedEmbeddings', 'embeddings', { model: embedder, input: 'bees', encoding_format: 'base64' });

await whole('Answer', 'responses', { model, input: 'Say the numbers.', instructions: 'Be brief.' });
await whole('Answer', 'responses', { model, input: 'Say the numbers.', max_output_tokens: 2 });
await whole('Answer', 'responses', { model: thinker, input: 'Say the numbers.' });
await whole('Answer', 'responses', { model: capable, input: 'How is the weather?', tools: functions });
const kinds = new Set();
for (const body of [
  { model, input: 'Say the numbers.' },
  { model, input: 'Say the numbers.', max_output_tokens: 2 },
  { model: thinker, input: 'Say the numbers.' },
  { model: failing, input: 'Say the numbers.' },
  { model: capable, input: 'How is the weather?', tools: functions },
]) {
  for (const each of await streamed('Event', 'responses', body)) kinds.add(each.type);
}
for (const kind of [
  'response.created', 'response.in_progress', 'response.output_item.added', 'response.content_part.added',
  'response.output_text.delta', 'response.output_text.done', 'response.content_part.done', 'response.output_item.done',
  'response.reasoning_text.delta', 'response.reasoning_text.done', 'response.function_call_arguments.delta',
  'response.function_call_arguments.done', 'response.completed', 'response.incomplete', 'response.failed',
]) assert.ok(kinds.has(kind), `a stream has ${kind}: ${[...kinds]}`);

const list = await (await fetch(`${base}/v1/models`)).json();
found.push(['Models', list, 'models']);
found.push(['Model', await (await fetch(`${base}/v1/models/${model}`)).json(), 'models/ID']);
await whole('Failure', 'chat/completions', { model: 'no-such-model', messages }, 404);
await whole('Failure', 'chat/completions', { model, messages, temperature: 'hot' }, 400);
await whole('Failure', 'responses', { model: 'no-such-model', input: 'x' }, 404);
await whole('Failure', 'embeddings', { model: embedder }, 400);
await whole('Failure', 'chat/completions', { model, messages, tools, tool_choice: 'sometimes' }, 400);

// Nobody reads these answers, so that they go on until the node is full.
const crowd = new AbortController();
const long = { model, stream: true, messages: [{ role: 'user', content: 'pattern crowd 1000000' }] };
const answers = await Promise.all(Array.from({ length: 40 }, () => fetch(`${base}/v1/chat/completions`, {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(long), signal: crowd.signal,
})));
const declined = answers.find((each) => each.status === 503);
assert.ok(declined, `one is declined: ${answers.map((each) => each.status)}`);
assert.ok(Number(declined.headers.get('retry-after')) > 0, 'it is said when to come back');
found.push(['Busy', await declined.json(), 'chat/completions, full']);
crowd.abort();

// Where an answer has more than OpenAI's, or where what OpenAI sends has more than its description, that is said here.
const TYPES = `
import type OpenAI from 'openai';
// What the client adds to answers is not sent.
type Sent<T> = T extends { output_text: string } ? Omit<T, 'output_text'> : T;
// Open models think aloud; clients of theirs read it there.
type Aloud<T> = T & { reasoning_content?: string };
type ChatBody = OpenAI.Chat.Completions.ChatCompletion;
type ChatChoice = OpenAI.Chat.Completions.ChatCompletion.Choice;
type Chat = Omit<ChatBody, 'choices'> & {
  choices: Array<Omit<ChatChoice, 'message'> & { message: Aloud<ChatChoice['message']> }>;
};
type ChunkBody = OpenAI.Chat.Completions.ChatCompletionChunk;
type ChunkChoice = OpenAI.Chat.Completions.ChatCompletionChunk.Choice;
type Chunk = Omit<ChunkBody, 'choices'> & {
  choices: Array<Omit<ChunkChoice, 'delta'> & { delta: Aloud<ChunkChoice['delta']> }>;
};
type Completion = OpenAI.Completions.Completion;
// Until the last part nothing is known of these two, which the description does not say.
type CompletionPart = Omit<Completion, 'choices' | 'usage'> & {
  choices: Array<Omit<OpenAI.Completions.CompletionChoice, 'finish_reason'>
    & { finish_reason: OpenAI.Completions.CompletionChoice['finish_reason'] | null }>;
  usage?: Completion['usage'] | null;
};
type Embeddings = OpenAI.Embeddings.CreateEmbeddingResponse;
// The client asks for base64 by itself, and its type is of what it makes of that.
type CodedEmbeddings = Omit<Embeddings, 'data'> & {
  data: Array<Omit<OpenAI.Embeddings.Embedding, 'embedding'> & { embedding: string }>;
};
type Answer = Sent<OpenAI.Responses.Response>;
type Told<T> = T extends { response: OpenAI.Responses.Response } ? Omit<T, 'response'> & { response: Answer } : T;
type Event = Told<OpenAI.Responses.ResponseStreamEvent>;
type Model = OpenAI.Models.Model;
type Models = { object: 'list'; data: Model[] };
type Failure = { error: OpenAI.ErrorObject };
// When there will be room, more exactly than in Retry-After.
type Busy = { error: OpenAI.ErrorObject & { eta_ms: number } };
`;

// One literal in many lines, so that a complaint names the field; at most one of equal structure.
const shape = (value) => Array.isArray(value) ? `[${[...new Set(value.map(shape))]}]`
  : value && typeof value === 'object'
    ? `{${Object.entries(value).map(([key, each]) => `${key}:${key === 'type' ? each : shape(each)}`)}}`
    : value === null ? 'null' : typeof value;
function compile(file, bodies) {
  const seen = new Set();
  let source = TYPES;
  bodies.forEach(([type, body, where], index) => {
    const one = `${type} ${shape(body)}`;
    if (seen.has(one)) return;
    seen.add(one);
    source += `// ${where}\nexport const answer${index}: ${type} = ${JSON.stringify(body, null, 1)};\n`;
  });
  writeFileSync(file, source);
  const ran = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit', '--strict', '--skipLibCheck',
    '--target', 'es2022', '--module', 'nodenext', '--moduleResolution', 'nodenext', file], { encoding: 'utf8' });
  assert.equal(ran.error, undefined);
  return { wrong: ran.status !== 0, said: ran.stdout + ran.stderr, different: seen.size };
}

const checked = compile('shapes.ts', found);
assert.ok(!checked.wrong, checked.said);

// What finds no fault in a faulty answer proves nothing.
const faulty = (change) => {
  const copy = structuredClone(plain);
  change(copy);
  return compile('faulty.ts', [['Chat', copy, 'on purpose']]);
};
assert.ok(faulty((copy) => { delete copy.choices[0].finish_reason; }).wrong, 'a missing field is found');
assert.ok(faulty((copy) => { copy.created = 'today'; }).wrong, 'a field of a wrong kind is found');
assert.ok(faulty((copy) => { copy.choices[0].message.surprise = 1; }).wrong, 'an unknown field is found');
assert.ok(!faulty(() => {}).wrong);

console.log(`shapes: ${found.length} answers, ${checked.different} of them different, as OpenAI describes them: ok`);
