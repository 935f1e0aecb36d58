package dev.waggle.worker.model;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.blob.BlobPeers;
import dev.waggle.mesh.swarm.blob.BlobRefusedException;
import dev.waggle.mesh.swarm.blob.BlobReply;
import dev.waggle.mesh.swarm.blob.BlobRequest;
import dev.waggle.mesh.swarm.blob.BlobSource;
import dev.waggle.mesh.swarm.blob.BlockRange;
import dev.waggle.mesh.swarm.blob.Blocks;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.capability.Peer;
import dev.waggle.mesh.swarm.capability.PeerView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;

/** Members that are a method call away, with real files; each can be made to misbehave. */
final class DirectPeers implements BlobPeers, PeerView {
  private final Map<PeerId, Member> members = new LinkedHashMap<>();
  final List<PeerId> blamed = new CopyOnWriteArrayList<>();

  /** One of them. */
  static final class Member {
    final PeerId id = Identity.generate(new SecureRandom()).peerId();
    final BlobSource source;
    final List<ModelOffer> offers;
    final AtomicInteger blocks = new AtomicInteger();
    final AtomicInteger reads = new AtomicInteger();
    volatile Multiaddr route = Multiaddr.parse("/ip4/10.0.0.1/tcp/4301");

    /** Answers another thing. */
    volatile UnaryOperator<BlobReply> answering = reply -> reply;

    /** Sends another thing, or fails. */
    volatile Sending sending = (block, bytes) -> bytes;

    /** Called when a read begins. */
    volatile Runnable onRead = () -> {};

    Member(BlobSource source, List<ModelOffer> offers) {
      this.source = source;
      this.offers = offers;
    }
  }

  /** What becomes of a block. */
  interface Sending {
    byte[] send(int block, byte[] bytes) throws IOException;
  }

  Member add(BlobSource source, List<ModelOffer> offers) {
    Member member = new Member(source, offers);
    members.put(member.id, member);
    return member;
  }

  private Member member(PeerId id) {
    return Optional.ofNullable(members.get(id)).orElseThrow();
  }

  @Override
  public CompletableFuture<BlobReply> ask(PeerId id, BlobRequest request) {
    Member member = member(id);
    BlobReply reply = new BlobReply.Refused(BlobReply.Reason.NOT_SHARED);
    if (request instanceof BlobRequest.Describe describe) {
      reply =
          member
              .source
              .describe(describe.model(), describe.digest())
              .<BlobReply>map(BlobReply.Model::new)
              .orElse(new BlobReply.Refused(BlobReply.Reason.UNKNOWN));
    } else if (request instanceof BlobRequest.Hashes hashes) {
      reply = member.source.hashes(hashes.digest(), hashes.range());
    }
    return CompletableFuture.completedFuture(member.answering.apply(reply));
  }

  @Override
  public Blocks read(PeerId id, BlobRequest.Read request, long sizeBytes) {
    Member member = member(id);
    member.reads.incrementAndGet();
    member.onRead.run();
    return new Blocks() {
      private int block = request.range().from();

      @Override
      public byte[] next(Duration patience) throws IOException {
        Optional<SeekableByteChannel> blob = member.source.open(request.digest());
        if (blob.isEmpty()) {
          throw new BlobRefusedException(BlobReply.Reason.UNKNOWN);
        }
        ByteBuffer bytes = ByteBuffer.allocate(BlockRange.length(block, sizeBytes));
        try (SeekableByteChannel open = blob.get()) {
          open.position(BlockRange.offset(block));
          while (bytes.hasRemaining() && open.read(bytes) >= 0) {
            // As much as there is.
          }
        }
        byte[] sent = member.sending.send(block++, bytes.array());
        member.blocks.incrementAndGet();
        return sent;
      }

      @Override
      public void close() {
        // Nothing is under way.
      }
    };
  }

  @Override
  public void blame(PeerId member) {
    blamed.add(member);
  }

  @Override
  public List<Peer> peers() {
    return members.values().stream().map(DirectPeers::peer).toList();
  }

  @Override
  public Optional<Peer> peer(PeerId id) {
    return Optional.ofNullable(members.get(id)).map(DirectPeers::peer);
  }

  private static Peer peer(Member member) {
    return new Peer(
        member.id,
        "peer",
        List.of(),
        /* connected= */ true,
        Optional.of(member.route),
        Optional.empty(),
        Optional.of(new Capability("peer", "test", member.offers, 1, 0, 0, List.of())),
        Instant.EPOCH);
  }

  /** A member's reply, changed where it is one of hashes. */
  static UnaryOperator<BlobReply> stating(BiFunction<Long, byte[], BlobReply> change) {
    return reply ->
        reply instanceof BlobReply.Hashes hashes
            ? change.apply(hashes.sizeBytes(), hashes.hashes())
            : reply;
  }
}
