package dev.waggle.node.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.conduct.Fault;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FaultStoreTest {
  private final PeerId peer = Identity.generate(new SecureRandom()).peerId();

  private @TempDir Path directory;

  private Conduct.Observed observed(long second, byte... evidence) {
    return new Conduct.Observed(peer, Fault.FALSE_RECEIPT, Instant.ofEpochSecond(second), evidence);
  }

  @Test
  void faults_outliveARestart_theLatestFirst() throws Exception {
    Path file = directory.resolve("node.mv.db");
    try (NodeDatabase database = NodeDatabase.open(file)) {
      FaultStore store = new FaultStore(database);
      store.save(observed(1, (byte) 7, (byte) 8));
      store.save(observed(2));
    }
    try (NodeDatabase database = NodeDatabase.open(file)) {
      List<FaultStore.Kept> all = new FaultStore(database).all();
      assertThat(all).hasSize(2);
      assertThat(all.get(0).observed().time()).isEqualTo(Instant.ofEpochSecond(2));
      assertThat(all.get(0).observed().evidence()).isEmpty();
      assertThat(all.get(1).observed().peer()).isEqualTo(peer);
      assertThat(all.get(1).observed().fault()).isEqualTo(Fault.FALSE_RECEIPT);
      assertThat(all.get(1).observed().evidence()).containsExactly(7, 8);
      assertThat(all.get(1).id()).isLessThan(all.get(0).id());
    }
  }

  @Test
  void oldestFaults_makeRoom() throws Exception {
    try (NodeDatabase database = NodeDatabase.open(directory.resolve("node.mv.db"))) {
      FaultStore store = new FaultStore(database);
      for (int i = 1; i <= FaultStore.MAX + 2; i++) {
        store.save(observed(i));
      }
      List<FaultStore.Kept> all = store.all();
      assertThat(all).hasSize(FaultStore.MAX);
      assertThat(all.get(FaultStore.MAX - 1).observed().time()).isEqualTo(Instant.ofEpochSecond(3));
    }
  }
}
