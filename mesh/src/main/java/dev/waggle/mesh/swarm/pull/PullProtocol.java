package dev.waggle.mesh.swarm.pull;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.pb.PullOrder;
import dev.waggle.mesh.swarm.pb.PullProgress;

/** {@value #PROTOCOL}: its messages, as bytes. */
public final class PullProtocol {
  /** The protocol's name. */
  public static final String PROTOCOL = "/waggle/pull/1";

  /** The longest name of a model, in characters. */
  public static final int MODEL_CHARACTERS_MAX = 256;

  /** The longest order, its signature included. */
  static final int ORDER_BYTES_MAX = 2 << 10;

  /** The longest report: a cause. */
  static final int REPORT_BYTES_MAX = 2 << 10;

  private PullProtocol() {}

  static byte[] order(String model) {
    return PullOrder.newBuilder().setModel(model).build().toByteArray();
  }

  /** The model that is ordered. */
  static String model(byte[] order) throws MalformedFrameException {
    try {
      String model = PullOrder.parseFrom(order).getModel();
      if (isName(model)) {
        return model;
      }
    } catch (InvalidProtocolBufferException e) {
      // As bad as a name that is none.
    }
    throw new MalformedFrameException("an order of a model cannot be read");
  }

  /** Whether a text can be the name of a model. */
  public static boolean isName(String model) {
    return !model.isEmpty()
        && model.length() <= MODEL_CHARACTERS_MAX
        && model.codePoints().noneMatch(Character::isISOControl);
  }

  static dev.waggle.mesh.swarm.pb.PullReport encode(PullReport report) {
    var encoded = dev.waggle.mesh.swarm.pb.PullReport.newBuilder();
    if (report instanceof PullReport.Progress progress) {
      encoded.setProgress(
          PullProgress.newBuilder().setCompleted(progress.completed()).setTotal(progress.total()));
    } else if (report instanceof PullReport.Refused refused) {
      encoded.setRefused(refused.reason().code());
    } else if (report instanceof PullReport.Failed failed) {
      encoded.setFailed(failed.cause());
    } else {
      encoded.setDone(true);
    }
    return encoded.build();
  }

  static PullReport report(byte[] frame) throws MalformedFrameException {
    try {
      var report = dev.waggle.mesh.swarm.pb.PullReport.parseFrom(frame);
      return switch (report.getKindCase()) {
        case PROGRESS ->
            new PullReport.Progress(
                report.getProgress().getCompleted(), report.getProgress().getTotal());
        case DONE -> new PullReport.Done();
        case REFUSED ->
            // A reason that a later version invented.
            new PullReport.Refused(
                PullReport.Reason.ofCode(report.getRefused())
                    .orElse(PullReport.Reason.NOT_ALLOWED));
        case FAILED -> new PullReport.Failed(report.getFailed());
        case KIND_NOT_SET -> throw new MalformedFrameException("an unknown report");
      };
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new MalformedFrameException("a report of a pull cannot be read");
    }
  }
}
