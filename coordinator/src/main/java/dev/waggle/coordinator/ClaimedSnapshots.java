package dev.waggle.coordinator;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.blob.BlobReply;
import dev.waggle.mesh.swarm.blob.BlobSource;
import dev.waggle.mesh.swarm.blob.BlockRange;
import dev.waggle.mesh.swarm.blob.ModelManifest;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.function.Function;

/**
 * Gives snapshots to the workers that have claimed tasks on them, and to nobody else; whoever asks
 * for anything else gets what others give him. Whether the owner shares models makes no difference
 * to his own tasks.
 */
final class ClaimedSnapshots implements BlobSource {
  private final SnapshotClaims claims;
  private final Function<BlobDigest, Optional<Path>> find;
  private final BlobSource others;

  ClaimedSnapshots(
      SnapshotClaims claims, Function<BlobDigest, Optional<Path>> find, BlobSource others) {
    this.claims = claims;
    this.find = find;
    this.others = others;
  }

  @Override
  public boolean isOpenTo(PeerId member) {
    return claims.hold(member) || others.isOpenTo(member);
  }

  @Override
  public BlobSource to(PeerId member) {
    return new Given(member, /* relayed= */ false);
  }

  @Override
  public Optional<BlobSource> relayedTo(PeerId member) {
    return claims.hold(member)
        ? Optional.of(new Given(member, /* relayed= */ true))
        : Optional.empty();
  }

  @Override
  public Optional<ModelManifest> describe(String model, String digest) {
    return Optional.empty(); // Nobody is given anything but by his name.
  }

  @Override
  public BlobReply hashes(BlobDigest digest, BlockRange range) {
    return new BlobReply.Refused(BlobReply.Reason.UNKNOWN);
  }

  @Override
  public Optional<SeekableByteChannel> open(BlobDigest digest) {
    return Optional.empty();
  }

  /**
   * What one member is given, which its claims decide at each question. Over a relay that is no
   * more than its snapshots, and not those of tasks that are to stay on the local network.
   */
  private final class Given implements BlobSource {
    private final PeerId member;
    private final boolean relayed;

    Given(PeerId member, boolean relayed) {
      this.member = member;
      this.relayed = relayed;
    }

    private boolean othersGive() {
      return !relayed && others.isOpenTo(member);
    }

    @Override
    public boolean isOpenTo(PeerId asking) {
      return asking.equals(member) && ClaimedSnapshots.this.isOpenTo(asking);
    }

    @Override
    public Optional<ModelManifest> describe(String model, String digest) {
      return othersGive() ? others.describe(model, digest) : Optional.empty();
    }

    @Override
    public BlobReply hashes(BlobDigest digest, BlockRange range) {
      return othersGive()
          ? others.hashes(digest, range)
          : new BlobReply.Refused(BlobReply.Reason.UNKNOWN);
    }

    @Override
    public Optional<SeekableByteChannel> open(BlobDigest digest) throws IOException {
      if (claims.hold(member, digest, relayed)) {
        Optional<Path> file = find.apply(digest);
        if (file.isPresent()) {
          return Optional.of(
              FileChannel.open(file.get(), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
        }
      }
      return othersGive() ? others.open(digest) : Optional.empty();
    }
  }
}
