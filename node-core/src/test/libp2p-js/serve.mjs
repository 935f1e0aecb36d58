// A js-libp2p host for tests: prints its address, then what it hears, as lines of JSON.
// usage: node serve.mjs TOPIC [relay | RELAY-MULTIADDR]
import { serveEchoAndPerf, start, until } from './host.mjs';

const [topic, role] = process.argv.slice(2);
const behind = role !== undefined && role !== 'relay';
const host = await start({ relay: role === 'relay', through: behind ? [role] : [] });
await serveEchoAndPerf(host);
host.services.pubsub.subscribe(topic);
host.services.pubsub.addEventListener('message', ({ detail }) => {
  console.log(JSON.stringify({ from: detail.from.toString(), text: new TextDecoder().decode(detail.data) }));
});
host.addEventListener('peer:update', ({ detail }) => {
  console.log(JSON.stringify({ update: detail.peer.addresses.map(({ multiaddr }) => multiaddr.toString()) }));
});
const addresses = () => host.getMultiaddrs().map(String).filter((each) => !behind || each.includes('/p2p-circuit'));
await until(() => addresses().length > 0);
console.log(JSON.stringify({ listen: addresses() }));
process.stdin.resume();
process.stdin.on('end', async () => {
  await host.stop();
  process.exit(0);
});
