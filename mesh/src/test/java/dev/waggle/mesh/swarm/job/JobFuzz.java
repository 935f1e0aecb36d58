package dev.waggle.mesh.swarm.job;

import dev.waggle.mesh.fuzz.FuzzTarget;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import java.util.ArrayList;
import java.util.List;

/** Requests about jobs, and answers. */
public final class JobFuzz implements FuzzTarget {
  private static final String JOB = "0123456789abcdef";
  private static final byte[] NOTHING = {};

  /** One of each. */
  static final List<JobRequest> REQUESTS =
      List.of(
          new JobRequest.Submit(),
          new JobRequest.HandOver(),
          new JobRequest.Withdraw(JOB, JOB + JOB),
          new JobRequest.ListJobs(9),
          new JobRequest.Show(JOB),
          new JobRequest.Tasks(JOB, 3, 9),
          new JobRequest.Events(JOB, 3, 9),
          new JobRequest.Cancel(JOB),
          new JobRequest.Retry(JOB),
          new JobRequest.AnswerTask(JOB, 3),
          new JobRequest.Artifact(JOB, 3, JOB + JOB + JOB + JOB, 9),
          new JobRequest.Snapshot(JOB + JOB + JOB + JOB, 9));

  @Override
  public void run(byte[] input) {
    try {
      JobProtocol.encode(JobProtocol.question(input).request(), NOTHING);
    } catch (MalformedFrameException e) {
      // It says what is wrong.
    }
    try {
      JobProtocol.refused(JobProtocol.refusal(JobProtocol.answer(input)));
    } catch (MalformedFrameException e) {
      // It says what is wrong.
    }
  }

  @Override
  public List<byte[]> seeds() {
    List<byte[]> seeds =
        new ArrayList<>(REQUESTS.stream().map(each -> JobProtocol.encode(each, NOTHING)).toList());
    seeds.add(JobProtocol.encode(new JobRequest.Submit(), new byte[] {1}));
    seeds.add(JobProtocol.piece(new byte[] {1, 2}, 0, 1).toByteArray());
    seeds.add(
        JobProtocol.refused(new JobReply.Refused(JobReply.Reason.FULL, "later")).toByteArray());
    return seeds;
  }
}
