import { createLibp2p } from 'libp2p';
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2';
import { tcp } from '@libp2p/tcp';
import { noise } from '@libp2p/noise';
import { yamux } from '@libp2p/yamux';
import { identify, identifyPush } from '@libp2p/identify';
import { ping } from '@libp2p/ping';
import { gossipsub } from '@libp2p/gossipsub';

/** A host over TCP, Noise and Yamux on loopback, which may be a relay, or be reached through one. */
export function start({ relay = false, through = [] } = {}) {
  return createLibp2p({
    addresses: { listen: through.length > 0 ? through.map((each) => `${each}/p2p-circuit`) : ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp(), circuitRelayTransport()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    services: {
      identify: identify(),
      identifyPush: identifyPush(),
      ping: ping({ runOnLimitedConnection: true }),
      pubsub: gossipsub({ fallbackToFloodsub: false, floodPublish: false, allowPublishToZeroTopicPeers: true }),
      ...(relay ? { relay: circuitRelayServer() } : {}),
    },
  });
}

/** Sends bytes back, and measures as perf/perf.md says, also through relays. */
export async function serveEchoAndPerf(host) {
  await host.handle(
    '/waggle/echo/1',
    async (stream) => {
      for await (const bytes of stream) stream.send(bytes.subarray());
      await stream.close();
    },
    { runOnLimitedConnection: true },
  );
  await host.handle('/perf/1.0.0', async (stream) => {
    let head = Buffer.alloc(0);
    for await (const bytes of stream) {
      if (head.length < 8) head = Buffer.concat([head, bytes.subarray()]).subarray(0, 8);
    }
    await sendBytes(stream, Number(head.readBigUInt64BE()));
    await stream.close();
  });
}

/** Sends so many bytes, no faster than they are taken. */
export async function sendBytes(stream, count) {
  const piece = new Uint8Array(65536);
  for (let left = count; left > 0; left -= piece.length) {
    if (!stream.send(piece.subarray(0, Math.min(left, piece.length)))) {
      await stream.onDrain();
    }
  }
}

/** Waits until a condition holds; a script that waits for ever is ended by its caller. */
export async function until(condition) {
  while (!condition()) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
