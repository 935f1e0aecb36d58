package dev.waggle.mesh.swarm.blob;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.Failures;
import dev.waggle.mesh.libp2p.Inquiry;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.conduct.Fault;
import dev.waggle.mesh.swarm.membership.ConnectedMembers;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Asks members on their admitted connections, but none that is relayed. */
public final class ConnectedBlobs implements BlobPeers {
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final ConnectedMembers members;
  private final Conduct conduct;

  /**
   * @param conduct hears of members' faults
   */
  public ConnectedBlobs(ConnectedMembers members, Conduct conduct) {
    this.members = members;
    this.conduct = conduct;
  }

  private Optional<Connection> connection(PeerId member) {
    return members.connection(member).filter(connection -> !connection.isRelayed());
  }

  private static IOException notConnected() {
    return new IOException("not connected directly");
  }

  @Override
  public CompletableFuture<BlobReply> ask(PeerId member, BlobRequest request) {
    return connection(member)
        .map(
            connection ->
                Inquiry.ask(
                        connection,
                        BlobProtocol.PROTOCOL,
                        BlobProtocol.encode(request),
                        BlobProtocol.ANSWER_BYTES_MAX,
                        BlobProtocol::reply,
                        PATIENCE)
                    .whenComplete((reply, failure) -> judge(member, failure)))
        .orElseGet(() -> CompletableFuture.failedFuture(notConnected()));
  }

  @Override
  public Blocks read(PeerId member, BlobRequest.Read request, long sizeBytes) {
    if (request.range().end() > BlockRange.blocks(sizeBytes)) {
      throw new IllegalArgumentException("the blob has not so many blocks");
    }
    return connection(member)
        .map(
            connection ->
                IncomingBlocks.begin(connection, request, sizeBytes, cause -> judge(member, cause)))
        .orElseGet(() -> IncomingBlocks.broken(notConnected()));
  }

  private void judge(PeerId member, @org.jspecify.annotations.Nullable Throwable failure) {
    if (failure != null && Failures.cause(failure) instanceof MalformedFrameException) {
      conduct.observe(member, Fault.MALFORMED);
    }
  }

  @Override
  public void blame(PeerId member) {
    conduct.observe(member, Fault.FALSE_CONTENT);
  }
}
