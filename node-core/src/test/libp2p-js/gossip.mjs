// Three js-libp2p hosts that know only the given one: what one publishes reaches the others through it, with
// gossipsub 1.2's meshes and IDONTWANT.
// usage: node gossip.mjs MULTIADDR TOPIC
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { multiaddr } from '@multiformats/multiaddr';
import { start, until } from './host.mjs';

const [address, topic] = process.argv.slice(2);
const middle = address.split('/p2p/')[1];
const [speaker, ...listeners] = await Promise.all([start(), start(), start()]);
const heard = listeners.map(() => []);
listeners.forEach((host, i) => {
  host.services.pubsub.addEventListener('message', ({ detail }) => heard[i].push(detail));
});
for (const host of [speaker, ...listeners]) {
  host.services.pubsub.subscribe(topic);
  await host.dial(multiaddr(address));
}
for (const host of [speaker, ...listeners]) {
  await until(() => host.services.pubsub.getMeshPeers(topic).includes(middle));
  assert.equal(host.services.pubsub.streamsOutbound.get(middle).protocol, '/meshsub/1.2.0');
}
for (let i = 0; i < 5; i++) {
  await speaker.services.pubsub.publish(topic, randomBytes(4000));
}
await until(() => heard.every((messages) => messages.length === 5));
for (const [i, host] of listeners.entries()) {
  assert.ok(heard[i].every(({ from }) => from.equals(speaker.peerId)));
  assert.equal(host.services.pubsub.idontwants.get(middle)?.size, 5, 'the host says what it has');
  assert.ok(host.services.pubsub.getScore(middle) >= 0);
}
await Promise.all([speaker, ...listeners].map((host) => host.stop()));
console.log('js-libp2p through the host: gossipsub 1.2: ok');
process.exit(0);
