// Two js-libp2p hosts meet through the given relay: one has a reservation there, the other dials it.
// usage: node relay.mjs RELAY-MULTIADDR
import assert from 'node:assert/strict';
import { multiaddr } from '@multiformats/multiaddr';
import { serveEchoAndPerf, start, until } from './host.mjs';

const [relay] = process.argv.slice(2);
const hidden = await start({ through: [relay] });
await serveEchoAndPerf(hidden);
await until(() => hidden.getMultiaddrs().length > 0);
const address = hidden.getMultiaddrs().map(String).find((each) => each.includes('/p2p-circuit'));
const caller = await start();
const connection = await caller.dial(multiaddr(address));
assert.ok(connection.remotePeer.equals(hidden.peerId));
assert.ok(connection.limits != null, 'the relay says what it allows');
assert.equal(connection.encryption, '/noise');
assert.ok(await caller.services.ping.ping(multiaddr(address)) >= 0);
const stream = await connection.newStream('/waggle/echo/1', { runOnLimitedConnection: true });
const back = [];
const reading = (async () => {
  for await (const piece of stream) back.push(piece.subarray());
})();
stream.send(new Uint8Array(30000).fill(7));
await stream.close();
await reading;
assert.ok(Buffer.concat(back).equals(Buffer.alloc(30000, 7)));
await Promise.all([hidden.stop(), caller.stop()]);
console.log('js-libp2p through the relay: ok');
process.exit(0);
