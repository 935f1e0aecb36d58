// What code in JavaScript tries in order to get out; see attack.py. Runs in Node.js, and where there is nothing but the language.
const node = typeof require === 'function' && typeof process === 'object';
const given = node ? process.argv.slice(2) : globalThis.scriptArgs;
const [attack, bait, loopback, lan, lanPort, names, token, amountText] = given;
const amount = Number(amountText);
const tell = (name, result) => (node ? require('fs').writeSync(1, name + ' ' + result + '\n') : console.log(name + ' ' + result));
const attempt = (name, action) => {
  let got;
  try {
    got = action();
  } catch (e) {
    tell(name, 'denied');
    return;
  }
  tell(name, got || 'done');
};
const files = () => require('fs');
const shell = (command, args) => {
  const done = require('child_process').spawnSync(command, args, { timeout: 2000 });
  if (done.error || done.status !== 0) throw new Error('it did not go well');
};
const program = (text) => shell(process.execPath, ['-e', text]);

function environments() {
  const secret = names.split(',');
  for (const pid of files().readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    let text = '';
    try {
      text = files().readFileSync('/proc/' + pid + '/environ', 'latin1');
    } catch (e) {
      continue;
    }
    const found = text.split('\0').map((each) => each.split('=')[0]).find((each) => secret.includes(each));
    if (found) return found;
  }
  throw new Error('nothing secret');
}

function probe() {
  attempt('host-file', () => files().readFileSync(bait, 'utf8'));
  attempt('shadow', () => files().readFileSync('/etc/shadow', 'utf8').length);
  for (const path of ['/escape', '/usr/escape', '/etc/escape', '/dev/escape', bait + '.escape']) {
    const name = path.startsWith(bait) ? '-bait' : path.replace(/\//g, '-');
    attempt('write' + name, () => files().writeFileSync(path, token));
  }
  const reach = (host, port) =>
    program("const s=require('net').connect(" + port + ",'" + host + "');s.setTimeout(1000,()=>process.exit(1));"
      + "s.on('error',()=>process.exit(1));s.on('connect',()=>process.exit(0))");
  attempt('loopback', () => reach('127.0.0.1', loopback));
  attempt('own-address', () => (lan === 'none' ? reach('127.0.0.1', loopback) : reach(lan, lanPort)));
  attempt('interfaces', () => {
    const lines = files().readFileSync('/proc/net/dev', 'utf8').trim().split('\n').slice(2);
    if (lines.every((each) => each.split(':')[0].trim() === 'lo')) throw new Error('nothing but loopback');
  });
  attempt('environments', environments);
  attempt('unshare', () => shell('unshare', ['-U', 'true']));
  attempt('mount', () => shell('unshare', ['-r', '-m', 'mount', '-t', 'tmpfs', 'x', '/tmp']));
  attempt('native-code', () => {
    if (node) throw new Error('that is what the kernel is asked about');
    if (typeof require === 'function' || typeof std === 'object' || typeof os === 'object') return 'modules';
    throw new Error('nothing but the language');
  });
  attempt('import', () => {
    if (node) throw new Error('files are what the kernel is asked about');
    if (typeof Java !== 'undefined' || typeof Packages !== 'undefined') return 'the host';
    throw new Error('nothing of the host');
  });
  rawCalls();
  fill();
  tell('end', 'none');
  const flood = 'x'.repeat(1 << 15);
  for (let written = 0; written < amount; written += 1 << 15) {
    if (node) files().writeSync(1, flood);
    else console.log(flood);
  }
}

// A program that came with the script, which tells by itself what was not denied.
function rawCalls() {
  if (!node) return tell('raw-calls', 'none');
  const done = require('child_process').spawnSync('./raw-calls', [], { stdio: ['ignore', 'inherit', 'ignore'] });
  if (done.error && done.error.code === 'EACCES') tell('raw-calls', 'denied'); // Nobody may run it.
}

function fill() {
  if (!node) return tell('disk', 0);
  let written = 0;
  const part = Buffer.alloc(1 << 16);
  for (const directory of ['.', '/tmp', '/var/tmp', '/dev/shm', '/run', '/', '/home']) {
    try {
      const file = files().openSync(directory + '/fill', 'w');
      while (written < 8 * amount) written += files().writeSync(file, part);
    } catch (e) {
      // It is full, or not to be written.
    }
  }
  tell('disk', written);
}

function fork() {
  linger();
  if (!node) return tell('processes', 0);
  let count = 0;
  for (let i = 0; i < amount; i++) {
    const child = require('child_process').spawn('sleep', ['60']);
    child.on('error', () => {});
    if (child.pid === undefined) break;
    count++;
  }
  tell('processes', count);
  process.exit(0);
}

function hoard() {
  const kept = [];
  for (let total = 0; total < amount; total += 4 << 20) {
    const block = new Uint8Array(4 << 20);
    for (let at = 0; at < block.length; at += 4096) block[at] = 1;
    kept.push(block);
    tell('memory', 4 << 20);
  }
  for (;;) kept.length;
}

function linger() {
  if (node) {
    const child = require('child_process').spawn('sh', ['-c', "trap '' TERM HUP INT; while :; do :; done; : " + token], {
      detached: true,
      stdio: 'ignore',
    });
    child.on('error', () => {});
    child.unref();
  }
  tell('daemon', 'none');
}

function spin() {
  for (;;);
}

({ probe, fork, hoard, spin })[attack]();
