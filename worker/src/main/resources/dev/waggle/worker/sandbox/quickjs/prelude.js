// What a script finds beside the language; see QuickJsSandbox for its description. Runs before the task is known.
(() => {
  const host = globalThis.java_invoke;
  delete globalThis.java_invoke;
  delete globalThis.Javy;
  // What the host answers begins with + or, where it refuses, with -.
  const ask = (name, text = '') => {
    const answer = host('', name, text.toWellFormed());
    if (answer[0] === '-') throw new Error(answer.slice(1));
    return answer.slice(1);
  };
  const show = (value, depth = 0) => {
    if (typeof value === 'string' && depth === 0) return value;
    if (typeof value === 'function') return '[Function: ' + (value.name || 'anonymous') + ']';
    if (typeof value === 'bigint') return value + 'n';
    if (typeof value === 'symbol' || value === null || typeof value !== 'object') return String(value);
    if (value instanceof Error) return String(value) + '\n' + (value.stack || '');
    if (value instanceof Map) return show([...value], depth);
    if (value instanceof Set) return show([...value], depth);
    if (ArrayBuffer.isView(value)) return show(Array.from(value), depth);
    try {
      return JSON.stringify(value) ?? String(value);
    } catch (e) {
      return Object.prototype.toString.call(value);
    }
  };
  const line = (values) => values.map((each) => show(each)).join(' ') + '\n';
  const out = (...values) => void ask('out', line(values));
  const error = (...values) => void ask('error', line(values));
  globalThis.console = { log: out, info: out, debug: out, error, warn: error };

  // Bytes travel as characters of the same number.
  const pack = (bytes) => {
    let text = '';
    for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
    return text;
  };
  const unpack = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));
  globalThis.readStdin = () => ask('stdin');
  globalThis.readFile = (path) => ask('read', String(path));
  globalThis.readFileBytes = (path) => unpack(ask('readBytes', String(path)));
  globalThis.writeFile = (path, content) =>
    void (ArrayBuffer.isView(content)
      ? ask('writeBytes', String(path) + '\0' + pack(new Uint8Array(content.buffer, content.byteOffset, content.byteLength)))
      : ask('write', String(path) + '\0' + String(content)));
  globalThis.removeFile = (path) => void ask('remove', String(path));
  globalThis.listFiles = () => ask('list').split('\0').filter((name) => name);
  globalThis.exit = (code = 0) => void ask('exit', String(Number(code) | 0));

  const timers = [];
  let timerCount = 0;
  globalThis.setTimeout = (action, delay = 0, ...args) => {
    const id = ++timerCount;
    timers.push({ id, at: Date.now() + Math.max(0, Number(delay) || 0), run: () => action(...args) });
    timers.sort((a, b) => a.at - b.at || a.id - b.id);
    return id;
  };
  globalThis.clearTimeout = (id) => {
    const at = timers.findIndex((each) => each.id === id);
    if (at >= 0) timers.splice(at, 1);
  };

  const evaluate = globalThis.eval;
  const fail = (e) => {
    ask('failed', e instanceof InternalError ? String(e.message) : '');
    ask('error', show(e).trimEnd() + '\n');
    ask('exit', '1');
  };
  globalThis.__run = async () => {
    delete globalThis.__run;
    globalThis.scriptArgs = Array.from({ length: Number(ask('argCount')) }, (none, index) => ask('arg', String(index)));
    globalThis.args = globalThis.scriptArgs;
    try {
      // Most asynchronous scripts end in the promise of all they do.
      const last = evaluate(ask('source'));
      let failure;
      if (last instanceof Promise) last.catch((e) => void (failure = [e]));
      for (;;) {
        await undefined;
        if (failure) throw failure[0];
        const next = timers.shift();
        if (!next) break;
        ask('sleep', String(Math.max(0, next.at - Date.now())));
        next.run();
      }
      if (last instanceof Promise) await last;
    } catch (e) {
      fail(e);
    }
  };
})();
