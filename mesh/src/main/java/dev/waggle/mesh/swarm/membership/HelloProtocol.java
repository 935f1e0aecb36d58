package dev.waggle.mesh.swarm.membership;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.PeerId;
import dev.waggle.crypto.RequestHeader;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.Failures;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.ProtocolRefusedException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.swarm.pb.Hello;
import dev.waggle.mesh.swarm.pb.HelloReply;
import dev.waggle.mesh.swarm.pb.Roster;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows certificates both ways: {@value #PROTOCOL}. The dialler says hello, the other side answers
 * with its own or a refusal, and then both send the members they know.
 */
final class HelloProtocol {
  static final String PROTOCOL = "/waggle/hello/1";

  private static final Logger log = LoggerFactory.getLogger(HelloProtocol.class);
  private static final int VERSION = 1;
  private static final int REFUSED = 1;
  private static final int REFUSED_FOR_CLOCK = 2;
  private static final int SOFTWARE_CHARACTERS_MAX = 64;
  // One of an admin, which is all but a few of them.
  private static final int REVOCATION_BYTES_TYPICAL = 1_024;
  // Before admission a stranger may send no more than a hello and its refusal need.
  private static final int HELLO_BYTES_MAX = 2 * CertificateChain.BYTES_MAX + Revocation.BYTES_MAX;
  private static final int ROSTER_BYTES_MAX =
      Membership.MEMBERS_MAX * (CertificateChain.BYTES_MAX + 8)
          + Membership.REVOCATIONS_MAX * REVOCATION_BYTES_TYPICAL;

  /** What hello leads to. Called on the connection's event loop; must not block. */
  interface Outcome {
    /** The peer's certificate is good: open the gate to it. */
    void onVerified(Connection connection, CertificateChain chain, byte[] bootId);

    /** Both sides have opened their gates, as far as this side's next words are concerned. */
    void onAdmitted(Connection connection, CertificateChain chain, String software);

    /** The peer is not, or does not take this node for one. */
    void onRefused(Connection connection, String cause);

    /** The connection that this node said hello on broke before there was an answer. */
    void onLost(Connection connection, String cause);

    /** The peer, a member, knows these. They are not verified yet. */
    void onRoster(List<CertificateChain> members, List<Revocation> revocations);

    /** A peer shows why it refuses this node. It is not verified yet. */
    void onShown(Connection connection, Revocation revocation);
  }

  private final Membership membership;
  private final Clock clock;
  private final byte[] bootId;
  private final String software;
  private final Outcome outcome;

  HelloProtocol(
      Membership membership, Clock clock, byte[] bootId, String software, Outcome outcome) {
    this.membership = membership;
    this.clock = clock;
    this.bootId = bootId.clone();
    this.software = software;
    this.outcome = outcome;
  }

  /** Says hello on a connection. */
  void greet(Connection connection) {
    connection
        .open(List.of(PROTOCOL), new Dialler(connection))
        .thenAccept(stream -> FramedReader.send(stream, hello()))
        .exceptionally(
            failure -> {
              onFailed(connection, Failures.cause(failure));
              return null;
            });
  }

  private void onFailed(Connection connection, Throwable cause) {
    String message = String.valueOf(cause.getMessage());
    if (cause instanceof ProtocolRefusedException) {
      outcome.onRefused(connection, message);
    } else {
      outcome.onLost(connection, message);
    }
  }

  /** Answers a peer's hello. */
  FramedReader answer(Stream stream) {
    return new Answerer(stream.connection());
  }

  private Hello hello() {
    CertificateChain own = membership.own();
    return Hello.newBuilder()
        .setVersion(VERSION)
        .setSwarm(ByteString.copyFrom(own.swarm().bytes()))
        .setChain(own.toProtobuf())
        .setBootId(ByteString.copyFrom(bootId))
        .setSoftware(software)
        .setTimeMs(clock.millis())
        .build();
  }

  private Roster roster() {
    Roster.Builder roster = Roster.newBuilder();
    membership.others().forEach(member -> roster.addMembers(member.chain().toProtobuf()));
    membership.revocations().forEach(each -> roster.addRevocations(each.toProtobuf()));
    return roster.build();
  }

  private CertificateChain verified(Hello hello, PeerId peer) throws MembershipException {
    if (hello.getVersion() != VERSION) {
      throw new MembershipException("hello version " + hello.getVersion() + " is not supported");
    }
    if (hello.getBootId().size() != RequestHeader.BOOT_ID_BYTES) {
      throw new MembershipException("the hello has no boot id");
    }
    CertificateChain chain = CertificateChain.of(hello.getChain());
    // Whose certificate is good has its word believed on what time it is.
    ClockSkew.requireTogether(clock.instant(), Instant.ofEpochMilli(hello.getTimeMs()));
    membership.verify(chain, peer);
    return chain;
  }

  private HelloReply refusal(Hello hello, MembershipException cause) {
    HelloReply.Builder reply =
        HelloReply.newBuilder()
            .setRefusal(cause instanceof ClockSkewException ? REFUSED_FOR_CLOCK : REFUSED)
            .setTimeMs(clock.millis());
    if (cause instanceof RevokedException revoked) {
      reply.setRevocation(revoked.revocation().toProtobuf());
    } else if (hello.getSwarm().size() == SwarmId.BYTES) {
      // Members that did not hear this node leave still come to see it.
      membership
          .departure(SwarmId.ofBytes(hello.getSwarm().toByteArray()))
          .ifPresent(departure -> reply.setRevocation(departure.toProtobuf()));
    }
    return reply.build();
  }

  /** Why the other side does not let this node in, for people. */
  private String shown(Connection connection, HelloReply reply) {
    if (reply.hasRevocation()) {
      try {
        outcome.onShown(connection, Revocation.of(reply.getRevocation()));
      } catch (MembershipException e) {
        log.debug("a refusal shows a revocation that cannot be read: {}", e.getMessage());
      }
    }
    if (reply.getRefusal() == REFUSED_FOR_CLOCK) {
      Optional<String> apart =
          ClockSkew.describe(clock.instant(), Instant.ofEpochMilli(reply.getTimeMs()));
      if (apart.isPresent()) {
        return apart.get();
      }
    }
    return membership
        .revocation()
        .map(revocation -> "this node " + revocation.sentence())
        .orElse("it does not take this node for a member of its swarm");
  }

  private static byte[] bootId(Hello hello) {
    return hello.getBootId().toByteArray();
  }

  private static String shown(String software) {
    String printable = software.replaceAll("[^\\x20-\\x7e]", "?");
    return printable.substring(0, Math.min(SOFTWARE_CHARACTERS_MAX, printable.length()));
  }

  private void readRoster(byte[] frame) throws MalformedFrameException {
    try {
      Roster roster = Roster.parseFrom(frame);
      if (roster.getMembersCount() > Membership.MEMBERS_MAX
          || roster.getRevocationsCount() > Membership.REVOCATIONS_MAX) {
        throw new MalformedFrameException("a roster has too many entries");
      }
      List<CertificateChain> members = new ArrayList<>();
      for (var each : roster.getMembersList()) {
        members.add(CertificateChain.of(each));
      }
      List<Revocation> revocations = new ArrayList<>();
      for (var each : roster.getRevocationsList()) {
        revocations.add(Revocation.of(each));
      }
      outcome.onRoster(members, revocations);
    } catch (InvalidProtocolBufferException | MembershipException e) {
      throw new MalformedFrameException("a roster cannot be read");
    }
  }

  private final class Dialler extends FramedReader {
    private final Connection connection;
    private boolean greeted;

    Dialler(Connection connection) {
      super(HELLO_BYTES_MAX);
      this.connection = connection;
    }

    @Override
    protected void onFrame(Stream stream, byte[] frame) throws MalformedFrameException {
      if (greeted) {
        readRoster(frame);
        stream.closeWrite();
        return;
      }
      greeted = true;
      HelloReply reply;
      try {
        reply = HelloReply.parseFrom(frame);
      } catch (InvalidProtocolBufferException e) {
        throw new MalformedFrameException("a hello cannot be read");
      }
      if (reply.getRefusal() != 0) {
        outcome.onRefused(connection, shown(connection, reply));
        return;
      }
      try {
        CertificateChain chain = verified(reply.getHello(), connection.remotePeer());
        expect(ROSTER_BYTES_MAX);
        outcome.onVerified(connection, chain, bootId(reply.getHello()));
        outcome.onAdmitted(connection, chain, shown(reply.getHello().getSoftware()));
        FramedReader.send(stream, roster());
      } catch (MembershipException e) {
        outcome.onRefused(connection, e.getMessage());
      }
    }

    @Override
    protected void onGone(IOException cause) {
      if (!greeted) {
        greeted = true;
        outcome.onLost(connection, String.valueOf(cause.getMessage()));
      }
    }
  }

  private final class Answerer extends FramedReader {
    private final Connection connection;
    private boolean greeted;

    Answerer(Connection connection) {
      super(HELLO_BYTES_MAX);
      this.connection = connection;
    }

    @Override
    protected void onFrame(Stream stream, byte[] frame) throws MalformedFrameException {
      if (greeted) {
        readRoster(frame);
        stream.closeWrite();
        return;
      }
      greeted = true;
      Hello hello;
      try {
        hello = Hello.parseFrom(frame);
      } catch (InvalidProtocolBufferException e) {
        throw new MalformedFrameException("a hello cannot be read");
      }
      try {
        CertificateChain chain = verified(hello, connection.remotePeer());
        // The peer admits us when it reads our answer: our gate opens before it is sent, and what
        // we open ourselves comes after it.
        expect(ROSTER_BYTES_MAX);
        outcome.onVerified(connection, chain, bootId(hello));
        FramedReader.send(stream, HelloReply.newBuilder().setHello(hello()).build());
        FramedReader.send(stream, roster());
        outcome.onAdmitted(connection, chain, shown(hello.getSoftware()));
      } catch (MembershipException e) {
        log.debug("hello of {} refused: {}", connection, e.getMessage());
        FramedReader.send(stream, refusal(hello, e));
        stream.closeWrite();
        outcome.onRefused(connection, e.getMessage());
      }
    }

    @Override
    protected void onGone(IOException cause) {
      // The connection is closed when its time to be admitted is over.
    }
  }
}
