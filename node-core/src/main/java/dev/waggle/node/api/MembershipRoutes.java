package dev.waggle.node.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.capability.Peer;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.membership.Certificate;
import dev.waggle.mesh.swarm.membership.Invite;
import dev.waggle.mesh.swarm.membership.InviteTerms;
import dev.waggle.mesh.swarm.membership.Membership;
import dev.waggle.mesh.swarm.membership.MembershipException;
import dev.waggle.mesh.swarm.membership.Revocation;
import dev.waggle.mesh.swarm.membership.Role;
import dev.waggle.node.data.AccessToken.Scope;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/** Who belongs to the swarm: inviting, joining, leaving, revoking. Changes need the token. */
final class MembershipRoutes {
  private static final Duration INVITE_VALIDITY = Duration.ofHours(24);

  private final NodeControl node;
  private final Guard guard;
  private final LaterAnswers later;

  MembershipRoutes(NodeControl node, Guard guard, LaterAnswers later) {
    this.node = node;
    this.guard = guard;
    this.later = later;
  }

  void addTo(Router router) {
    router.get("/swarm/v1/members").handler(context -> HttpApi.send(context, members()));
    for (String path : List.of("invites", "join", "leave", "labels", "revocations")) {
      router.route("/swarm/v1/" + path).handler(guard.requiring(Scope.ADMIN));
    }
    router.post("/swarm/v1/invites").handler(this::invite);
    router.post("/swarm/v1/join").handler(this::join);
    router.post("/swarm/v1/leave").handler(this::leave);
    router.post("/swarm/v1/labels").handler(this::label);
    router.post("/swarm/v1/revocations").handler(this::revoke);
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private Membership membership() {
    return node.swarm().membership();
  }

  private ObjectNode members() {
    ObjectNode body = object();
    Membership membership = membership();
    body.put("swarm", membership.swarm().toString());
    ArrayNode members = body.putArray("members");
    add(members, membership.own().leaf(), membership.own().notAfter(), true, true);
    membership
        .others()
        .forEach(
            member -> {
              Certificate certificate = member.chain().leaf();
              boolean connected =
                  node.swarm()
                      .peers()
                      .peer(certificate.subject())
                      .map(Peer::connected)
                      .orElse(false);
              add(members, certificate, member.chain().notAfter(), connected, false);
            });
    ArrayNode revoked = body.putArray("revoked");
    membership.revocations().forEach(revocation -> revoked.add(json(revocation)));
    return body;
  }

  private static void add(
      ArrayNode members,
      Certificate certificate,
      Instant notAfter,
      boolean connected,
      boolean self) {
    ObjectNode entry = members.addObject();
    entry.put("peerId", certificate.subject().toString()).put("name", certificate.name());
    ArrayNode roles = entry.putArray("roles");
    certificate.roles().stream().sorted().forEach(role -> roles.add(role.word()));
    ArrayNode labels = entry.putArray("labels");
    Label.texts(certificate.labels()).forEach(labels::add);
    entry.put("notAfter", notAfter.toString());
    entry.put("connected", connected).put("self", self);
  }

  private static ObjectNode json(Revocation revocation) {
    return object()
        .put("peerId", revocation.subject().toString())
        .put("by", revocation.issuer().toString())
        .put("left", revocation.isLeave())
        .put("reason", revocation.reason())
        .put("time", revocation.issued().toString());
  }

  private void invite(RoutingContext context) {
    JsonFields fields = HttpApi.fields(context);
    OptionalLong seconds = fields.number("validitySeconds");
    Duration validity =
        seconds.isPresent() ? Duration.ofSeconds(seconds.getAsLong()) : INVITE_VALIDITY;
    String bound = fields.text("for", "");
    InviteTerms terms;
    try {
      terms =
          new InviteTerms(
              roles(fields.text("role", "member")),
              labels(fields),
              bound.isEmpty() ? Optional.empty() : Optional.of(peerId("for", bound)));
    } catch (IllegalArgumentException e) {
      throw JsonFields.wrong("labels", "is wrong: " + e.getMessage());
    }
    later.answer(
        context,
        refusing(
            () -> {
              Invite invite = node.invite(terms, validity);
              return object()
                  .put("token", invite.token())
                  .put("expiry", invite.expiry().toString())
                  .put("swarm", invite.swarm().toString());
            }));
  }

  private static Set<Label> labels(JsonFields fields) {
    return Label.all(fields.texts("labels", Label.OF_CERTIFICATE_MAX), Label.OF_CERTIFICATE_MAX);
  }

  private static Set<Role> roles(String name) {
    try {
      return Role.granted(name);
    } catch (IllegalArgumentException e) {
      throw JsonFields.wrong("role", "is unknown: " + e.getMessage());
    }
  }

  private static PeerId peerId(String field, String text) {
    try {
      return PeerId.parse(text);
    } catch (IllegalArgumentException e) {
      throw JsonFields.wrong(
          field, "is no peer id (\"waggle status\" on that machine shows its own)");
    }
  }

  private void join(RoutingContext context) {
    String token = new JsonFields(HttpApi.json(context)).text("token");
    Invite invite;
    try {
      invite = Invite.parse(token);
    } catch (MembershipException e) {
      throw refused(e);
    }
    later.answer(
        context,
        node.join(invite)
            .thenApply(joined -> members())
            .exceptionally(
                failure -> {
                  Throwable cause = failure.getCause() == null ? failure : failure.getCause();
                  throw cause instanceof MembershipException refusal
                      ? refused(refusal)
                      : new CompletionException(cause);
                }));
  }

  private void leave(RoutingContext context) {
    boolean abandon = HttpApi.fields(context).flag("abandon", /* fallback= */ false);
    later.answer(
        context,
        refusing(
            () -> {
              node.leave(abandon);
              return members();
            }));
  }

  private void label(RoutingContext context) {
    JsonFields fields = new JsonFields(HttpApi.json(context));
    PeerId member = Members.named(membership(), "peer", fields.text("peer"));
    later.answer(
        context,
        refusing(
            () -> {
              try {
                node.label(member, labels(fields));
              } catch (IllegalArgumentException e) {
                throw JsonFields.wrong("labels", "is wrong: " + e.getMessage());
              }
              return members();
            }));
  }

  private void revoke(RoutingContext context) {
    JsonFields fields = new JsonFields(HttpApi.json(context));
    PeerId peer = Members.named(membership(), "peer", fields.text("peer"));
    String reason = fields.text("reason", "");
    List<PeerId> keep = new ArrayList<>();
    for (String each : fields.texts("keep", Membership.MEMBERS_MAX)) {
      keep.add(Members.named(membership(), "keep", each));
    }
    boolean keepAll = fields.flag("keepAll", /* fallback= */ false);
    later.answer(
        context,
        refusing(
            () -> {
              List<PeerId> let = membership().admittedBy(peer);
              Revocation revocation = node.revoke(peer, reason, keepAll ? let : keep);
              ObjectNode body = json(revocation);
              ArrayNode gone = body.putArray("alsoRevoked");
              let.stream()
                  .filter(each -> membership().roles(each).isEmpty())
                  .forEach(each -> gone.add(each.toString()));
              return body;
            }));
  }

  private interface Change {
    JsonNode make() throws MembershipException;
  }

  private static Supplier<JsonNode> refusing(Change change) {
    return () -> {
      try {
        return change.make();
      } catch (MembershipException e) {
        throw refused(e);
      }
    };
  }

  private static ApiException refused(MembershipException e) {
    return new ApiException(ApiError.of(409, e.getMessage(), "membership"));
  }
}
