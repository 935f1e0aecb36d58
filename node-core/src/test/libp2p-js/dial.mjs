// Uses a host with js-libp2p: ping, identify, echo of a megabyte, many streams at once, publish.
// usage: node dial.mjs MULTIADDR TOPIC TEXT
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { multiaddr } from '@multiformats/multiaddr';
import { sendBytes, start, until } from './host.mjs';

const [address, topic, text] = process.argv.slice(2);
const host = await start();
const connection = await host.dial(multiaddr(address));
assert.equal(connection.remotePeer.toString(), address.split('/p2p/')[1]);
assert.equal(connection.encryption, '/noise');
assert.equal(connection.multiplexer, '/yamux/1.0.0');

assert.ok(await host.services.ping.ping(connection.remotePeer) >= 0);
const identified = await host.services.identify.identify(connection);
assert.match(identified.agentVersion, /^waggle\//);
assert.ok(identified.protocols.includes('/perf/1.0.0'));
assert.ok(identified.listenAddrs.length > 0);

async function echo(bytes) {
  const stream = await connection.newStream('/waggle/echo/1');
  const back = [];
  const reading = (async () => {
    for await (const piece of stream) back.push(piece.subarray());
  })();
  for (let at = 0; at < bytes.length; at += 65536) {
    if (!stream.send(bytes.subarray(at, at + 65536))) {
      await stream.onDrain();
    }
  }
  await stream.close();
  await reading;
  assert.ok(Buffer.concat(back).equals(bytes), `${bytes.length} bytes come back as they went`);
}
await echo(randomBytes(1 << 20));
await Promise.all(Array.from({ length: 50 }, (_, i) => echo(randomBytes(1000 + i))));
await assert.rejects(connection.newStream('/no/such/protocol'));

const perf = await connection.newStream('/perf/1.0.0');
const wanted = Buffer.alloc(8);
wanted.writeBigUInt64BE(3_000_001n);
perf.send(wanted);
await sendBytes(perf, 2_000_003);
await perf.close();
let downloaded = 0;
for await (const piece of perf) downloaded += piece.byteLength;
assert.equal(downloaded, 3_000_001);

await until(() => host.services.pubsub.getSubscribers(topic).length > 0);
await host.services.pubsub.publish(topic, new TextEncoder().encode(text));
await host.services.ping.ping(connection.remotePeer);
await host.stop();
console.log('js-libp2p: ping, identify, echo, streams, perf, publish: ok');
process.exit(0);
