// A js-libp2p host for tests: prints its address, then what is published on its topic, as lines of JSON.
// usage: node serve.mjs TOPIC
import { start } from './host.mjs';

const [topic] = process.argv.slice(2);
const host = await start();
await host.handle('/waggle/echo/1', async (stream) => {
  for await (const bytes of stream) stream.send(bytes);
  await stream.close();
});
host.services.pubsub.subscribe(topic);
host.services.pubsub.addEventListener('message', ({ detail }) => {
  console.log(JSON.stringify({ from: detail.from.toString(), text: new TextDecoder().decode(detail.data) }));
});
console.log(JSON.stringify({ listen: host.getMultiaddrs().map(String) }));
process.stdin.resume();
process.stdin.on('end', async () => {
  await host.stop();
  process.exit(0);
});
