package dev.waggle.mesh.swarm;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.Recurring;
import dev.waggle.mesh.libp2p.connection.Libp2pHost;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.audit.AuditMembers;
import dev.waggle.mesh.swarm.audit.AuditProtocol;
import dev.waggle.mesh.swarm.blob.BlobPeers;
import dev.waggle.mesh.swarm.blob.BlobServer;
import dev.waggle.mesh.swarm.blob.BlobSource;
import dev.waggle.mesh.swarm.blob.ConnectedBlobs;
import dev.waggle.mesh.swarm.blob.Pace;
import dev.waggle.mesh.swarm.capability.Advert;
import dev.waggle.mesh.swarm.capability.Adverts;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.PeerView;
import dev.waggle.mesh.swarm.control.ControlMessage;
import dev.waggle.mesh.swarm.control.ControlTopic;
import dev.waggle.mesh.swarm.exchange.Exchange;
import dev.waggle.mesh.swarm.job.JobCall;
import dev.waggle.mesh.swarm.job.JobDesk;
import dev.waggle.mesh.swarm.job.JobReply;
import dev.waggle.mesh.swarm.job.JobRequest;
import dev.waggle.mesh.swarm.job.JobServer;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.label.LabelView;
import dev.waggle.mesh.swarm.liveness.Liveness;
import dev.waggle.mesh.swarm.membership.Admissions;
import dev.waggle.mesh.swarm.membership.CertificateChain;
import dev.waggle.mesh.swarm.membership.Invite;
import dev.waggle.mesh.swarm.membership.InviteTerms;
import dev.waggle.mesh.swarm.membership.Membership;
import dev.waggle.mesh.swarm.membership.MembershipException;
import dev.waggle.mesh.swarm.membership.MembershipStore;
import dev.waggle.mesh.swarm.membership.Revocation;
import dev.waggle.mesh.swarm.membership.Role;
import dev.waggle.mesh.swarm.pull.OrderedPull;
import dev.waggle.mesh.swarm.pull.PullServer;
import dev.waggle.mesh.swarm.pull.PullTarget;
import dev.waggle.mesh.swarm.request.Requests;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node in its swarm: a libp2p host with the door of {@link Admissions}, the adverts of all
 * members, and the task exchange with them.
 *
 * <p>Thread-safe. Nothing blocks but {@link #start}, {@link #invite} and {@link #close}.
 */
public final class Swarm implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Swarm.class);
  private static final Duration DIAL_STEP = Duration.ofSeconds(1);

  private final Libp2pHost host;
  private final Membership membership;
  private final SwarmParts parts;
  private final SwarmHost links;
  private final Requests requests;
  private final Admissions admissions;
  private final LabelCheck labels;
  private final Adverts adverts;
  private final Liveness liveness;
  private final ControlTopic control;
  private final AuditMembers audits;
  private final Exchange exchange;
  private final ScheduledFuture<?> dialing;

  private Swarm(Libp2pHost host, SwarmParts parts) {
    this.host = host;
    this.parts = parts;
    this.membership = parts.membership();
    this.links = new SwarmHost(host, parts, this::onReachedOtherwise);
    this.adverts =
        new Adverts(
            links.pubSub(),
            membership,
            this::capability,
            links::addresses,
            parts.timer(),
            parts.clock(),
            this::onAdvert);
    this.requests = new Requests(parts.identity(), parts.clock());
    this.admissions =
        new Admissions(
            host,
            membership,
            requests,
            parts.clock(),
            parts.software(),
            parts.timer(),
            parts.blocking(),
            new Guests());
    this.labels = new LabelCheck(membership, admissions);
    this.exchange = SwarmExchange.serve(host, parts, requests, admissions, labels);
    AuditProtocol.serve(host, parts.audits(), parts.blocking());
    this.liveness =
        new Liveness(host, parts.timer(), new WatchedMembers(admissions, adverts, this::say));
    this.control =
        new ControlTopic(
            links.pubSub(),
            membership,
            parts.clock(),
            new HeardControl(
                membership,
                admissions,
                liveness,
                parts.audits(),
                this::inBackground,
                this::forget));
    this.audits = new ConnectedAudits(admissions, control);
    this.dialing = Recurring.schedule(parts.timer(), Duration.ZERO, DIAL_STEP, this::step);
  }

  /**
   * Begins to listen and to look for the others.
   *
   * @throws IOException naming the address that cannot be listened on, and why
   */
  public static Swarm start(SwarmSettings settings, SwarmParts parts) throws IOException {
    // The door must stand before anybody can knock.
    Libp2pHost host = Libp2pHost.create(parts.identity(), settings.listen());
    Swarm swarm = new Swarm(host, parts);
    boolean started = false;
    try {
      swarm.links.listen(settings);
      started = true;
    } finally {
      if (!started) {
        swarm.close();
      }
    }
    return swarm;
  }

  /** The name of this node. */
  public PeerId peerId() {
    return host.peerId();
  }

  /** Where this node listens, without a peer id. */
  public List<Multiaddr> listenAddresses() {
    return host.listenAddresses();
  }

  /** Who belongs to the swarm. */
  public Membership membership() {
    return membership;
  }

  /** The other nodes as they are now. */
  public PeerView peers() {
    return adverts.peers();
  }

  /** Why peers that should be connected are not. */
  public Map<PeerId, String> troubles() {
    return links.troubles();
  }

  /** The exchange of tasks with every node, this one included. */
  public Exchange exchange() {
    return exchange;
  }

  /** What this node can do has changed: tell the others soon. */
  public void capabilityChanged() {
    adverts.changed();
  }

  /**
   * Makes an invite that only this node redeems; blocks.
   *
   * @throws MembershipException if this node may not give that, or the validity is out of range
   */
  public Invite invite(InviteTerms terms, Duration validity) throws MembershipException {
    return membership.invite(terms, validity, links.addresses());
  }

  /**
   * Gives a member other labels than it had; it is on disk when this returns. Blocks.
   *
   * @throws MembershipException if this node may not, or the peer is no member
   * @throws IllegalArgumentException if they are too many, or none that a node can hold
   */
  public CertificateChain label(PeerId member, Set<Label> labels) throws MembershipException {
    CertificateChain chain = membership.label(member, labels);
    control.say(new ControlMessage.Body.Certified(chain));
    return chain;
  }

  /** The members, for who looks after records. */
  public AuditMembers audits() {
    return audits;
  }

  /** The members, for who wants models of theirs. */
  public BlobPeers blobs() {
    return ConnectedBlobs.direct(admissions, parts.conduct());
  }

  /** The members, for who wants snapshots of theirs. */
  public BlobPeers snapshots() {
    return ConnectedBlobs.relayedToo(admissions, parts.conduct());
  }

  /** Gives content to members from now on; before that nobody is answered. */
  public void share(BlobSource source, Pace pace) {
    new BlobServer(source, parts.conduct(), pace, parts.timer(), parts.blocking()).serve(host);
  }

  /**
   * Takes members' orders of models from now on; before that nobody is answered.
   *
   * @param blocking runs pulls, which take long; may refuse
   */
  public void takeOrders(PullTarget target, Executor blocking) {
    new PullServer(target, requests, admissions, parts.conduct(), parts.timer(), blocking)
        .serve(host);
  }

  /** Orders a model at a member, which gets it from its registry if its owner lets this node. */
  public OrderedPull order(PeerId member, String model) {
    return OrderedPull.begin(member, model, requests, admissions, parts.conduct());
  }

  /**
   * Looks after members' jobs from now on; before that nobody is answered.
   *
   * @param desk says whose, and what comes of them
   */
  public void lookAfterJobs(JobDesk desk) {
    new JobServer(desk, requests, admissions, parts.conduct(), parts.timer(), parts.blocking())
        .serve(host);
  }

  /**
   * Asks a member about this node's jobs there; fails as {@link JobCall#ask} says.
   *
   * @param body what goes with the request; empty for most
   */
  public CompletableFuture<JobReply> askAboutJobs(PeerId member, JobRequest request, byte[] body) {
    return JobCall.ask(member, request, body, requests, admissions, parts.conduct());
  }

  /** Whether what a member's labelled request needs may be here, by both certificates. */
  public boolean mayHold(Collection<Label> request, PeerId requester) {
    return labels.allows(request, requester);
  }

  /** Where labelled requests of this node may go. */
  public LabelView labels() {
    return labels;
  }

  /**
   * Ends a peer's membership everywhere; it is on disk when this returns. Blocks.
   *
   * @param keep when the peer is an admin, those that it let in and that stay
   * @throws MembershipException if this node may not
   */
  public Revocation revoke(PeerId peer, String reason, Collection<PeerId> keep)
      throws MembershipException {
    Revocation revocation = membership.revoke(peer, reason, keep);
    CompletableFuture<Void> unused = admissions.tell(revocation);
    admissions.recheck();
    onRevoked(revocation);
    return revocation;
  }

  /**
   * Leaves for a swarm of one; blocks.
   *
   * @param owner the key of the new swarm
   * @param name what this node is called in it
   */
  public void leave(Identity owner, String name) {
    List<MembershipStore.Member> left = membership.others();
    membership.leave(
        owner,
        name,
        leaving -> {
          control.say(new ControlMessage.Body.Revoked(leaving));
          admissions.tell(leaving).join();
        });
    left.forEach(member -> links.forget(member.chain().leaf().subject()));
    admissions.dismiss();
    onSwarmChanged();
  }

  private void say(ControlMessage.Body body) {
    control.say(body);
  }

  /** Makes everybody know, and forgets the peer. */
  private void onRevoked(Revocation revocation) {
    control.say(new ControlMessage.Body.Revoked(revocation));
    forget(revocation);
  }

  private void forget(Revocation revocation) {
    if (membership.isOut(revocation.subject())) {
      links.forget(revocation.subject());
    }
    adverts.onGone(revocation.subject());
    liveness.onAdvert(revocation.subject(), Long.MAX_VALUE, Duration.ZERO);
  }

  /** What this node does for others, which is nothing where its certificate says so. */
  private Capability capability() {
    Capability able = parts.capability().get();
    return Role.mayWork(membership.own().leaf().roles()) ? able : able.withoutWork();
  }

  private void onReachedOtherwise() {
    adverts.changed();
  }

  private void step() {
    links.step();
    admissions.renew();
  }

  /**
   * Redeems an invite and enters its swarm; completes when its issuer has admitted this node. Fails
   * with a {@link MembershipException} that names the cause and the remedy.
   *
   * @param name what the others will call this node
   */
  public CompletableFuture<Void> join(Invite invite, String name) {
    return admissions
        .join(invite, name, this::onSwarmChanged)
        .thenRun(
            () -> {
              links.forgetRefusals();
              links.learn(invite.issuer(), invite.addresses());
            });
  }

  private void onSwarmChanged() {
    liveness.onSwarmChanged();
    control.onSwarmChanged();
    adverts.onSwarmChanged();
  }

  /** The admitted connection to a peer. */
  Optional<Connection> connection(PeerId peer) {
    return admissions.connection(peer);
  }

  /** The host's event loops. */
  ScheduledExecutorService scheduler() {
    return host.scheduler();
  }

  /** Ends the connection to a peer; it may be made again. */
  void disconnect(PeerId peer) {
    admissions.connection(peer).ifPresent(Connection::close);
  }

  private void onAdvert(Advert advert) {
    PeerId peer = advert.chain().leaf().subject();
    links.learn(peer, advert.addresses());
    liveness.onAdvert(peer, advert.sequence(), advert.timeToLive());
    inBackground(() -> membership.remember(advert.chain(), advert.addresses()));
  }

  private void inBackground(Runnable work) {
    try {
      parts.blocking().execute(work);
    } catch (RejectedExecutionException e) {
      log.debug("too busy to note where a member is; its next advert says it again");
    }
  }

  /** Says good-bye, and closes every connection. */
  @Override
  public void close() {
    dialing.cancel(false);
    liveness.close();
    adverts.close();
    links.close();
  }

  private final class Guests implements Admissions.Listener {
    @Override
    public void onAdmitted(Connection connection, CertificateChain chain) {
      links.onAdmitted(connection);
      adverts.onConnected(connection.remotePeer(), chain.leaf().name(), connection.remoteAddress());
      liveness.onConnected(connection.remotePeer());
    }

    @Override
    public void onLeft(Connection connection) {
      // Another connection may have taken its place.
      if (admissions.connection(connection.remotePeer()).isEmpty()) {
        adverts.onDisconnected(connection.remotePeer());
        liveness.onDisconnected(connection.remotePeer());
      }
    }

    @Override
    public void onRefused(PeerId peer, String cause) {
      links.onRefused(peer, cause);
    }

    @Override
    public void onLost(PeerId peer, String cause) {
      links.onLost(peer, cause);
    }

    @Override
    public void onRevocation(Revocation revocation) {
      onRevoked(revocation);
    }
  }
}
