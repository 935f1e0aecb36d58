package dev.waggle.mesh.libp2p.protocol.gossipsub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waggle.crypto.Identity;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.connection.Libp2pHost;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GossipSubTest {
  private static final String TOPIC = "bees";

  private final List<Member> members = new ArrayList<>();

  /** A host with floodsub that writes down what it hears. */
  private final class Member {
    final Libp2pHost host;
    final GossipSub pubSub;
    final List<String> heard = new CopyOnWriteArrayList<>();

    Member(PubSub.Verdict verdict) throws Exception {
      Identity identity = Identity.generate(new SecureRandom());
      host = Libp2pHost.start(identity, List.of(Multiaddr.parse("/ip4/127.0.0.1/tcp/0")));
      pubSub = GossipSub.serve(host, identity);
      pubSub.subscribe(
          TOPIC,
          (from, data) -> verdict,
          (from, data) -> heard.add(from + ":" + new String(data, StandardCharsets.UTF_8)));
      host.onConnection(pubSub::admit);
      members.add(this);
    }

    void connect(Member other) throws Exception {
      host.connect(other.host.peerId(), other.host.listenAddresses()).get(10, TimeUnit.SECONDS);
    }

    void say(String text) {
      pubSub.publish(TOPIC, text.getBytes(StandardCharsets.UTF_8));
    }

    String from(String text) {
      return host.peerId() + ":" + text;
    }
  }

  @AfterEach
  void close() {
    members.forEach(member -> member.host.close());
  }

  /** Repeats a message until the far end hears one: subscriptions take a moment to travel. */
  private static void sayUntilHeard(Member speaker, Member listener) {
    await()
        .until(
            () -> {
              speaker.say("ready?");
              return !listener.heard.isEmpty();
            });
  }

  @Test
  void message_travelsThroughOthers_andArrivesOnce() throws Exception {
    Member first = new Member(PubSub.Verdict.ACCEPT);
    Member middle = new Member(PubSub.Verdict.ACCEPT);
    Member last = new Member(PubSub.Verdict.ACCEPT);
    first.connect(middle);
    middle.connect(last);
    last.connect(first);
    sayUntilHeard(first, last);
    sayUntilHeard(first, middle);
    first.say("dance");
    await().until(() -> last.heard.contains(first.from("dance")));
    await().until(() -> middle.heard.contains(first.from("dance")));
    assertThat(last.heard).filteredOn(first.from("dance")::equals).hasSize(1);
    assertThat(middle.heard).filteredOn(first.from("dance")::equals).hasSize(1);
    assertThat(first.heard).isEmpty();
  }

  @Test
  void messageThatAValidatorDoesNotAccept_goesNoFurther() throws Exception {
    Member first = new Member(PubSub.Verdict.ACCEPT);
    Member doubting = new Member(PubSub.Verdict.REJECT);
    Member last = new Member(PubSub.Verdict.ACCEPT);
    first.connect(doubting);
    doubting.connect(last);
    sayUntilHeard(doubting, last);
    sayUntilHeard(doubting, first);
    first.say("rumour");
    doubting.say("truth");
    await().until(() -> last.heard.contains(doubting.from("truth")));
    assertThat(last.heard).noneMatch(each -> each.endsWith("rumour"));
    assertThat(doubting.heard).isEmpty();
  }

  @Test
  void neighbourThatEndsItsStream_isMetAnew() throws Exception {
    Member member = new Member(PubSub.Verdict.ACCEPT);
    AtomicInteger streams = new AtomicInteger();
    CompletableFuture<Rpc> told = new CompletableFuture<>();
    try (Libp2pHost rude = Libp2pHost.start(Identity.generate(new SecureRandom()), List.of())) {
      rude.handle(
          GossipSub.PROTOCOLS.get(0),
          stream -> {
            if (streams.incrementAndGet() == 1) {
              stream.reset();
            }
            return new FramedReader(RpcCodec.BYTES_MAX) {
              @Override
              protected void onFrame(Stream from, byte[] frame) throws MalformedFrameException {
                told.complete(RpcCodec.decode(frame));
              }

              @Override
              protected void onGone(IOException cause) {}
            };
          });
      rude.connect(member.host.peerId(), member.host.listenAddresses()).get(10, TimeUnit.SECONDS);
      assertThat(told.get(10, TimeUnit.SECONDS).subscriptions).hasSize(1);
      assertThat(streams).hasValue(2);
    }
  }
}
