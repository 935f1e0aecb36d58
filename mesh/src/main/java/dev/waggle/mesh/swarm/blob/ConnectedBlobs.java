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

/** Asks members on their admitted connections; on relayed ones for what is little only. */
public final class ConnectedBlobs implements BlobPeers {
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final ConnectedMembers members;
  private final Conduct conduct;
  private final boolean overRelays;

  private ConnectedBlobs(ConnectedMembers members, Conduct conduct, boolean overRelays) {
    this.members = members;
    this.conduct = conduct;
    this.overRelays = overRelays;
  }

  /**
   * For models, which are too much for relays.
   *
   * @param conduct hears of members' faults
   */
  public static ConnectedBlobs direct(ConnectedMembers members, Conduct conduct) {
    return new ConnectedBlobs(members, conduct, /* overRelays= */ false);
  }

  /**
   * For snapshots, which may come over relays, too.
   *
   * @param conduct hears of members' faults
   */
  public static ConnectedBlobs relayedToo(ConnectedMembers members, Conduct conduct) {
    return new ConnectedBlobs(members, conduct, /* overRelays= */ true);
  }

  private Optional<Connection> connection(PeerId member) {
    return members.connection(member).filter(connection -> overRelays || !connection.isRelayed());
  }

  private IOException notConnected() {
    return new IOException(overRelays ? "not connected" : "not connected directly");
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
