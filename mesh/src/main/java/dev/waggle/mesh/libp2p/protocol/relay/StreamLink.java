package dev.waggle.mesh.libp2p.protocol.relay;

import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import dev.waggle.mesh.libp2p.transport.Link;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** A stream that has become a circuit. */
final class StreamLink implements Link {
  private final Conversation conversation;
  private final Stream stream;

  StreamLink(Conversation conversation, Stream stream) {
    this.conversation = conversation;
    this.stream = stream;
  }

  @Override
  public void start(Receiver receiver) {
    conversation.become(
        stream,
        new StreamReader() {
          @Override
          public void onData(Stream from, ByteBuffer bytes) {
            receiver.onBytes(bytes);
          }

          @Override
          public void onEnd(Stream from) {
            receiver.onClosed();
          }

          @Override
          public void onReset(Stream from) {
            receiver.onClosed();
          }
        });
  }

  @Override
  public CompletableFuture<Void> send(ByteBuffer bytes) {
    return stream.write(bytes);
  }

  @Override
  public void reading(boolean on) {
    stream.reading(on);
  }

  @Override
  public void close() {
    stream.reset();
  }
}
