package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.ledger.Attempt;
import dev.waggle.ledger.LedgerEntry;
import dev.waggle.ledger.LedgerException;
import dev.waggle.ledger.MalformedReceiptException;
import dev.waggle.ledger.Receipt;
import dev.waggle.ledger.ReceiptBody;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.capability.Peer;
import dev.waggle.mesh.swarm.membership.Membership;
import dev.waggle.mesh.swarm.membership.MembershipException;
import dev.waggle.mesh.swarm.membership.Revocation;
import dev.waggle.node.audit.ProofJson;
import dev.waggle.node.data.AccessToken.Scope;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What the node is, sees and has recorded. Reading its records needs the token. */
final class SwarmRoutes {
  private static final int ENTRIES_MAX = 1_000;

  private final NodeControl node;
  private final String version;
  private final Guard guard;
  private final LaterAnswers later;
  private final OwnerRoutes owner;

  SwarmRoutes(
      NodeControl node, String version, Guard guard, LaterAnswers later, OwnerRoutes owner) {
    this.node = node;
    this.version = version;
    this.guard = guard;
    this.later = later;
    this.owner = owner;
  }

  void addTo(Router router) {
    router.get("/swarm/v1/status").handler(context -> HttpApi.send(context, status()));
    router.get("/swarm/v1/peers").handler(context -> HttpApi.send(context, peers()));
    router.get("/swarm/v1/models").handler(context -> HttpApi.send(context, models()));
    router.route("/swarm/v1/ledger*").handler(guard.requiring(Scope.READ));
    router.get("/swarm/v1/ledger").handler(this::ledger);
    router.get("/swarm/v1/ledger/proof").handler(guard.requiring(Scope.READ)).handler(this::proof);
    router.get("/swarm/v1/ledger/verify").handler(context -> later.answer(context, this::verify));
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
    ObjectNode ledger = status.putObject("ledger");
    ledger.put("entries", node.ledger().head().checkpoint().size());
    ledger.put("writable", node.ledger().writable());
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
    target.put("queued", capability.queued());
  }

  private static void addModels(ObjectNode target, Capability capability) {
    ArrayNode models = target.putArray("models");
    capability.models().forEach(model -> models.add(model(model)));
  }

  private static ObjectNode model(ModelOffer model) {
    return object()
        .put("name", model.name())
        .put("digest", model.digest())
        .put("engine", model.engine())
        .put("size", model.sizeBytes())
        .put("context", model.contextTokens())
        .put("loaded", model.loaded());
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
    own.models()
        .forEach(
            model ->
                models.add(
                    model(model)
                        .put("node", own.nodeName())
                        .put("peerId", node.swarm().peerId().toString())));
    for (Peer peer : node.swarm().peers().peers()) {
      if (peer.connected() && peer.capability().isPresent()) {
        peer.capability()
            .get()
            .models()
            .forEach(
                model ->
                    models.add(
                        model(model).put("node", peer.name()).put("peerId", peer.id().toString())));
      }
    }
    return body;
  }

  private void ledger(RoutingContext context) {
    long from = parameter(context, "from", 1, Long.MAX_VALUE);
    int most = (int) parameter(context, "max", ENTRIES_MAX, ENTRIES_MAX);
    later.answer(
        context,
        () -> {
          ObjectNode body = object();
          ArrayNode entries = body.putArray("entries");
          node.ledger().entries(from, most).forEach(entry -> entries.add(entry(entry)));
          body.put("total", node.ledger().head().checkpoint().size());
          return body;
        });
  }

  private void proof(RoutingContext context) {
    String task = context.request().getParam("task");
    long asked = task == null ? parameter(context, "entry", 1, Long.MAX_VALUE) : 0;
    later.answer(
        context,
        () -> {
          long sequence =
              task == null
                  ? asked
                  : node.ledger()
                      .receiptOf(task)
                      .orElseThrow(
                          () -> JsonFields.wrong("task", "has no receipt in this node's record"));
          SignedCheckpoint head = node.ledger().head();
          if (sequence > head.checkpoint().size()) {
            throw JsonFields.wrong(
                "entry", "has to be 1 to " + head.checkpoint().size() + ", the last entry");
          }
          // What others have seen proves more.
          SignedCheckpoint under =
              node.auditor()
                  .cosigned()
                  .filter(cosigned -> cosigned.checkpoint().size() >= sequence)
                  .filter(cosigned -> cosigned.checkpoint().size() <= head.checkpoint().size())
                  .orElse(head);
          return ProofJson.of(node.ledger().prove(sequence, under));
        });
  }

  private static long parameter(RoutingContext context, String name, long fallback, long most) {
    String text = context.request().getParam(name);
    if (text == null) {
      return fallback;
    }
    try {
      long value = Long.parseLong(text);
      if (value >= 1 && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      throw JsonFields.wrong(name, "has to be a whole number");
    }
    throw JsonFields.wrong(name, "has to be 1 to " + most);
  }

  private static ObjectNode entry(LedgerEntry entry) {
    ObjectNode node =
        object()
            .put("sequence", entry.sequence())
            .put("time", entry.time().toString())
            .put("type", entry.type().name().toLowerCase(Locale.ROOT))
            .put("actor", entry.actor().toString())
            .put("hash", java.util.HexFormat.of().formatHex(entry.hash()));
    try {
      switch (entry.type()) {
        case RECEIPT -> receipt(node, Receipt.parse(entry.payload()).body());
        case ATTEMPT -> {
          Attempt attempt = Attempt.parse(entry.payload());
          node.put("task", attempt.task()).put("worker", attempt.worker().toString());
          node.put("model", attempt.model()).put("cause", attempt.cause());
        }
        case JOIN, LEAVE -> {
          // The certificate is in the payload; its swarm is in status and members.
        }
        case REVOKE -> {
          Revocation revocation = Revocation.parse(entry.payload());
          node.put("revoked", revocation.subject().toString()).put("reason", revocation.reason());
        }
      }
    } catch (MalformedReceiptException | LedgerException | MembershipException e) {
      node.put("unreadable", e.getMessage());
    }
    return node;
  }

  private static void receipt(ObjectNode node, ReceiptBody body) {
    node.put("task", body.task()).put("requester", body.requester().toString());
    node.put("worker", body.worker().toString()).put("model", body.model());
    node.put("modelDigest", body.modelDigest()).put("promptTokens", body.work().promptTokens());
    node.put("outputTokens", body.work().outputTokens());
    ArrayNode labels = node.putArray("labels");
    body.labels().forEach(labels::add);
  }

  private ObjectNode verify() {
    return VerificationJson.of(node.ledger().verify((checked, total) -> {}));
  }
}
