package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.capability.Peer;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.mesh.swarm.membership.Membership;
import dev.waggle.node.data.DataDirectory;
import io.vertx.ext.web.Router;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What the node is and sees. */
final class SwarmRoutes {
  private final NodeControl node;
  private final String version;
  private final OwnerRoutes owner;

  SwarmRoutes(NodeControl node, String version, OwnerRoutes owner) {
    this.node = node;
    this.version = version;
    this.owner = owner;
  }

  void addTo(Router router) {
    router.get("/swarm/v1/status").handler(context -> HttpApi.send(context, status()));
    router.get("/swarm/v1/peers").handler(context -> HttpApi.send(context, peers()));
    router.get("/swarm/v1/models").handler(context -> HttpApi.send(context, models()));
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private ObjectNode status() {
    Capability own = node.capability();
    ObjectNode status = object();
    status.put("name", own.nodeName()).put("peerId", node.swarm().peerId().toString());
    status.put("version", version).put("swarm", node.swarm().membership().swarm().toString());
    Membership membership = node.swarm().membership();
    status.put("admin", membership.isAdmin());
    status.put("certificateUntil", membership.own().notAfter().toString());
    membership.revocation().ifPresent(revocation -> status.put("revoked", revocation.sentence()));
    ArrayNode listen = status.putArray("listen");
    node.swarm()
        .listenAddresses()
        .forEach(address -> listen.add(address.withPeerId(node.swarm().peerId()).toString()));
    List<Peer> peers = node.swarm().peers().peers();
    status.put("peersConnected", peers.stream().filter(Peer::connected).count());
    status.put("members", node.swarm().membership().others().size() + 1);
    load(status.putObject("worker"), own);
    owner.describe(status);
    addModels(status, own);
    ObjectNode engines = status.putObject("engineTroubles");
    node.worker().troubles().forEach(engines::put);
    ObjectNode sandboxes = status.putObject("sandboxTroubles");
    node.worker().sandboxTroubles().forEach(sandboxes::put);
    ObjectNode ledger = status.putObject("ledger");
    ledger.put("entries", node.ledger().head().checkpoint().size());
    ledger.put("writable", node.ledger().writable());
    ledger.put("bytes", DataDirectory.ledgerFile(node.config().dataDirectory()).toFile().length());
    node.auditor()
        .cosigned()
        .ifPresent(
            checkpoint ->
                ledger
                    .put("cosignedEntries", checkpoint.checkpoint().size())
                    .put("cosignedBy", checkpoint.cosignatures().size()));
    Optional.ofNullable(node.auditor().troubles().get(node.swarm().peerId()))
        .ifPresent(trouble -> ledger.put("trouble", trouble));
    return status;
  }

  private static void load(ObjectNode target, Capability capability) {
    target.put("slots", capability.slots()).put("running", capability.running());
    target.put("queued", capability.queued()).put("backlogMs", capability.backlog().toMillis());
  }

  private static void addModels(ObjectNode target, Capability capability) {
    ArrayNode models = target.putArray("models");
    ObjectNode code = target.putObject("code");
    for (ModelOffer each : capability.models()) {
      if (each.isSandbox()) {
        code.put(Language.ofRuntime(each.name()), each.engine());
      } else {
        models.add(model(each));
      }
    }
  }

  private static ObjectNode model(ModelOffer model) {
    ObjectNode entry =
        object()
            .put("name", model.name())
            .put("digest", model.digest())
            .put("engine", model.engine())
            .put("size", model.sizeBytes())
            .put("context", model.contextTokens())
            .put("loaded", model.loaded())
            .put("resumable", model.resumable());
    ArrayNode abilities = entry.putArray("abilities");
    model.abilities().stream()
        .sorted()
        .forEach(each -> abilities.add(each.name().toLowerCase(Locale.ROOT)));
    entry
        .put("prefillTokensPerSecond", model.speed().prefill())
        .put("decodeTokensPerSecond", model.speed().decode())
        .put("loadMs", model.speed().load().toMillis());
    return entry;
  }

  private ObjectNode peers() {
    ObjectNode body = object();
    ArrayNode peers = body.putArray("peers");
    for (Peer peer : node.swarm().peers().peers()) {
      ObjectNode entry = peers.addObject();
      entry.put("peerId", peer.id().toString()).put("name", peer.name());
      entry.put("connected", peer.connected()).put("lastSeen", peer.lastSeen().toString());
      peer.route()
          .ifPresent(
              route -> entry.put("route", route.toString()).put("relayed", route.isCircuit()));
      peer.roundTrip().ifPresent(time -> entry.put("roundTripMs", time.toNanos() / 1e6));
      ArrayNode addresses = entry.putArray("addresses");
      peer.addresses().forEach(address -> addresses.add(address.toString()));
      if (peer.capability().isPresent()) {
        entry.put("version", peer.capability().get().softwareVersion());
        load(entry, peer.capability().get());
        addModels(entry, peer.capability().get());
      } else {
        entry.putArray("models");
      }
    }
    ObjectNode troubles = body.putObject("troubles");
    node.swarm().troubles().forEach((id, cause) -> troubles.put(id.toString(), cause));
    ObjectNode ledgers = body.putObject("ledgerTroubles");
    node.auditor().troubles().forEach((id, cause) -> ledgers.put(id.toString(), cause));
    return body;
  }

  private ObjectNode models() {
    ObjectNode body = object();
    ArrayNode models = body.putArray("models");
    Capability own = node.capability();
    add(models, own, own.nodeName(), node.swarm().peerId());
    for (Peer peer : node.swarm().peers().peers()) {
      if (peer.connected() && peer.capability().isPresent()) {
        add(models, peer.capability().get(), peer.name(), peer.id());
      }
    }
    return body;
  }

  private static void add(ArrayNode models, Capability of, String node, PeerId id) {
    of.models().stream()
        .filter(model -> !model.isSandbox())
        .forEach(model -> models.add(model(model).put("node", node).put("peerId", id.toString())));
  }
}
