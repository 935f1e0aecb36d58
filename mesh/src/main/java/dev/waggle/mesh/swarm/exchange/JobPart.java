package dev.waggle.mesh.swarm.exchange;

import java.util.regex.Pattern;

/**
 * What a task is of a job.
 *
 * @param job the job's name, 1 to {@value #JOB_CHARACTERS_MAX} letters, digits and hyphens
 * @param keep under which name the worker keeps the result should the requester go away
 */
public record JobPart(String job, KeepId keep) {
  /** The longest name of a job, in characters. */
  public static final int JOB_CHARACTERS_MAX = 64;

  private static final Pattern JOB = Pattern.compile("[0-9A-Za-z-]{1," + JOB_CHARACTERS_MAX + "}");

  public JobPart {
    if (!JOB.matcher(job).matches()) {
      throw new IllegalArgumentException("a job's name has 1 to 64 letters, digits and hyphens");
    }
  }
}
