package dev.waggle.mesh.swarm.pull;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.Host;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.conduct.Fault;
import dev.waggle.mesh.swarm.membership.ConnectedMembers;
import dev.waggle.mesh.swarm.pb.SignedRequest;
import dev.waggle.mesh.swarm.request.RequestRefusedException;
import dev.waggle.mesh.swarm.request.Requests;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Takes members' orders of models, one after the other: a disk and a link have nothing to gain from
 * two at once.
 */
public final class PullServer {
  private final PullTarget target;
  private final Requests requests;
  private final ConnectedMembers members;
  private final Conduct conduct;
  private final ScheduledExecutorService timer;
  private final Executor blocking;
  private final AtomicBoolean busy = new AtomicBoolean();

  /**
   * @param requests checks what is signed
   * @param members says what the certificates of those who order allow
   * @param conduct says who is shunned, and hears of faults
   * @param timer tells the steps; stays the caller's to close
   * @param blocking runs pulls, which take long; may refuse
   */
  public PullServer(
      PullTarget target,
      Requests requests,
      ConnectedMembers members,
      Conduct conduct,
      ScheduledExecutorService timer,
      Executor blocking) {
    this.target = target;
    this.requests = requests;
    this.members = members;
    this.conduct = conduct;
    this.timer = timer;
    this.blocking = blocking;
  }

  /** Makes the host take orders. */
  public void serve(Host host) {
    host.handle(PullProtocol.PROTOCOL, stream -> new Served());
  }

  private Optional<PullReport.Reason> refusal(PeerId member, String model) {
    boolean permitted = members.mayAsk(member) && conduct.standing(member).shunnedUntil().isEmpty();
    return permitted ? target.refusal(member, model) : Optional.of(PullReport.Reason.NOT_ALLOWED);
  }

  private static void refuse(Stream stream, PullReport.Reason reason) {
    FramedReader.send(stream, PullProtocol.encode(new PullReport.Refused(reason)));
    stream.closeWrite();
  }

  /** One order, and all that is said of it. */
  private final class Served extends FramedReader {
    private boolean asked;
    private @Nullable ServedPull pull;

    Served() {
      super(PullProtocol.ORDER_BYTES_MAX);
    }

    @Override
    protected void onFrame(Stream stream, byte[] frame) throws MalformedFrameException {
      PeerId member = stream.connection().remotePeer();
      try {
        if (asked) {
          throw new MalformedFrameException("a second order on one stream");
        }
        asked = true;
        String model =
            PullProtocol.model(
                requests.open(PullProtocol.PROTOCOL, member, SignedRequest.parseFrom(frame)));
        onOrder(stream, member, model);
      } catch (RequestRefusedException e) {
        if (e.reason() == RequestRefusedException.Reason.REPLAYED) {
          conduct.observe(member, Fault.REPLAY);
        }
        refuse(stream, PullReport.Reason.REQUEST);
      } catch (InvalidProtocolBufferException e) {
        conduct.observe(member, Fault.MALFORMED);
        throw new MalformedFrameException("an order of a model cannot be read");
      } catch (MalformedFrameException e) {
        conduct.observe(member, Fault.MALFORMED);
        throw e;
      }
    }

    private void onOrder(Stream stream, PeerId member, String model) {
      Optional<PullReport.Reason> refusal = refusal(member, model);
      if (refusal.isPresent()) {
        refuse(stream, refusal.get());
        return;
      }
      if (!busy.compareAndSet(false, true)) {
        refuse(stream, PullReport.Reason.BUSY);
        return;
      }
      ServedPull begun = new ServedPull(target, model, stream, timer, () -> busy.set(false));
      pull = begun;
      try {
        blocking.execute(begun);
      } catch (RejectedExecutionException e) {
        busy.set(false);
        refuse(stream, PullReport.Reason.BUSY);
      }
    }

    @Override
    protected void onGone(IOException cause) {
      if (pull != null) {
        pull.abandon();
      }
    }
  }
}
