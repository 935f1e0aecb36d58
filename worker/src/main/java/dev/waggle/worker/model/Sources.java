package dev.waggle.worker.model;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.blob.BlobPeers;
import dev.waggle.mesh.swarm.blob.BlobReply;
import dev.waggle.mesh.swarm.blob.BlobRequest;
import dev.waggle.mesh.swarm.blob.ModelManifest;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.capability.Peer;
import dev.waggle.mesh.swarm.capability.PeerView;
import dev.waggle.worker.engine.Digests;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Who has a model, and what it consists of. For one thread. */
final class Sources {
  private static final Duration FAR = Duration.ofSeconds(10);

  private final PeerView peers;
  private final BlobPeers blobs;
  private final FetchRequest request;

  /** Those that turned out to be of no use. */
  private final Set<PeerId> lost = new HashSet<>();

  private String trouble = "";
  private Optional<ModelOffer> chosen = Optional.empty();

  /** What was found: the same model at one or more members that describe it alike. */
  record Found(ModelOffer offer, ModelManifest manifest, List<PeerId> members) {}

  private record Offering(Peer peer, ModelOffer offer) {}

  Sources(PeerView peers, BlobPeers blobs, FetchRequest request) {
    this.peers = peers;
    this.blobs = blobs;
    this.request = request;
  }

  /** Whether that one is asked no more. */
  boolean isLost(PeerId member) {
    return lost.contains(member);
  }

  /** Those are not asked again. */
  void lose(Set<PeerId> members, String why) {
    lost.addAll(members);
    trouble = why;
  }

  /**
   * The model, at all that have the content that most have. Once content was chosen it stays the
   * same: another one under the name is another model.
   *
   * @throws FetchException if nobody has it (any more)
   */
  Found find() throws FetchException, InterruptedException {
    while (true) {
      List<Offering> offering = offering();
      ModelOffer offer = chosen.isPresent() ? chosen.get() : mostOffered(offering);
      chosen = Optional.of(offer);
      Map<PeerId, ModelManifest> described = describe(offer, offering);
      Optional<Found> found = mostDescribed(offer, described);
      if (found.isPresent()) {
        return found.get();
      }
    }
  }

  /** Not empty; the nearest first. */
  private List<Offering> offering() throws FetchException {
    List<Offering> offering = new ArrayList<>();
    boolean relayed = false;
    for (Peer peer : peers.peers()) {
      Optional<ModelOffer> offer =
          peer.capability()
              .flatMap(capability -> ModelOffer.find(capability.models(), request.model()))
              .filter(each -> chosen.isEmpty() || isSame(each, chosen.get()));
      boolean wanted = request.from().isEmpty() || request.from().get().equals(peer.id());
      if (offer.isPresent() && peer.connected() && wanted && !lost.contains(peer.id())) {
        if (peer.route().map(route -> route.isCircuit()).orElse(false)) {
          relayed = true;
        } else {
          offering.add(new Offering(peer, offer.get()));
        }
      }
    }
    if (offering.isEmpty()) {
      throw nobody(relayed);
    }
    offering.sort(Comparator.comparing(each -> each.peer().roundTrip().orElse(FAR)));
    return offering;
  }

  private FetchException nobody(boolean relayed) {
    if (!trouble.isEmpty()) {
      return new FetchException(
          FetchException.Kind.BROKE_OFF,
          trouble + " (what came is kept: run the same again to go on with it)");
    }
    String who = request.from().map(member -> "the member " + member).orElse("no connected member");
    String cause =
        relayed
            ? " is connected directly, and a relay carries no models"
            : request.from().isPresent() ? " does not offer it or is not connected" : " offers it";
    return new FetchException(
        FetchException.Kind.NOT_FOUND,
        "model \"" + request.model() + "\": " + who + cause + " (try: waggle models)");
  }

  private static boolean isSame(ModelOffer one, ModelOffer other) {
    return one.engine().equals(other.engine()) && one.digest().equals(other.digest());
  }

  private static ModelOffer mostOffered(List<Offering> offering) {
    return offering.stream()
        .map(Offering::offer)
        .max(
            Comparator.comparing(
                offer -> offering.stream().filter(each -> isSame(each.offer(), offer)).count()))
        .orElseThrow();
  }

  private Map<PeerId, ModelManifest> describe(ModelOffer offer, List<Offering> offering)
      throws InterruptedException {
    Map<PeerId, CompletableFuture<BlobReply>> asked = new LinkedHashMap<>();
    for (Offering each : offering) {
      if (isSame(each.offer(), offer) && asked.size() < ModelTransfers.SOURCES_MAX) {
        asked.put(
            each.peer().id(),
            blobs.ask(
                each.peer().id(), new BlobRequest.Describe(each.offer().name(), offer.digest())));
      }
    }
    Map<PeerId, ModelManifest> described = new LinkedHashMap<>();
    for (Map.Entry<PeerId, CompletableFuture<BlobReply>> each : asked.entrySet()) {
      try {
        manifest(each.getKey(), offer, each.getValue().get())
            .ifPresent(manifest -> described.put(each.getKey(), manifest));
      } catch (ExecutionException e) {
        lose(Set.of(each.getKey()), each.getKey() + " does not answer: " + reason(e));
      }
    }
    return described;
  }

  private static String reason(ExecutionException e) {
    Throwable cause = e.getCause() == null ? e : e.getCause();
    return cause.getMessage() == null ? "too slow" : cause.getMessage();
  }

  /** What a member says the model consists of, if that can be true. */
  private Optional<ModelManifest> manifest(PeerId member, ModelOffer offer, BlobReply reply) {
    if (reply instanceof BlobReply.Refused refused) {
      lose(
          Set.of(member),
          member + " does not give \"" + offer.name() + "\": " + refused.reason().words());
      return Optional.empty();
    }
    if (reply instanceof BlobReply.Model model && digest(model.manifest()).equals(offer.digest())) {
      return Optional.of(model.manifest());
    }
    blobs.blame(member);
    lose(Set.of(member), member + " describes another model than it offers");
    return Optional.empty();
  }

  private static String digest(ModelManifest manifest) {
    return manifest instanceof ModelManifest.Ollama ollama
        ? Digests.of(ollama.document()).toString()
        : ((ModelManifest.Gguf) manifest).digest().toString();
  }

  /** Of an Ollama model there is only one description; of a file the size can be wrong. */
  private static Optional<Found> mostDescribed(
      ModelOffer offer, Map<PeerId, ModelManifest> described) {
    Map<Long, List<PeerId>> bySize = new LinkedHashMap<>();
    described.forEach(
        (member, manifest) ->
            bySize.computeIfAbsent(size(manifest), size -> new ArrayList<>()).add(member));
    Optional<List<PeerId>> most = bySize.values().stream().max(Comparator.comparing(List::size));
    return most.flatMap(
        members ->
            Optional.ofNullable(described.get(members.get(0)))
                .map(manifest -> new Found(offer, manifest, members)));
  }

  private static long size(ModelManifest manifest) {
    return manifest instanceof ModelManifest.Gguf gguf ? gguf.sizeBytes() : 0;
  }
}
