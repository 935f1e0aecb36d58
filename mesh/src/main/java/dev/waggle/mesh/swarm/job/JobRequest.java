package dev.waggle.mesh.swarm.job;

/** What a member wants of its jobs at another node. Jobs are named by 16 hex digits. */
public sealed interface JobRequest {
  /** The most jobs, tasks or events of one answer. */
  int PAGE_MAX = 1_000;

  /** The length of a job's name. */
  int JOB_DIGITS = 16;

  /** The length of the hash of a file. */
  int SHA_256_DIGITS = 64;

  /** Takes in the job of the body; the answer names it. */
  record Submit() implements JobRequest {}

  /** Takes over the job of the body, once. */
  record HandOver() implements JobRequest {}

  /**
   * Says whether it has a job that was to be handed over; if not, it never takes that transfer.
   *
   * @param transfer what tells it from other transfers, {@value #TRANSFER_DIGITS} hex digits
   */
  record Withdraw(String job, String transfer) implements JobRequest {
    /** The length of what tells transfers apart. */
    public static final int TRANSFER_DIGITS = 32;

    public Withdraw {
      requireHex(job, JOB_DIGITS);
      requireHex(transfer, TRANSFER_DIGITS);
    }
  }

  /** Shows the latest jobs. */
  record ListJobs(int max) implements JobRequest {
    public ListJobs {
      require(max >= 1 && max <= PAGE_MAX);
    }
  }

  /** Shows a job. */
  record Show(String job) implements JobRequest {
    public Show {
      requireHex(job, JOB_DIGITS);
    }
  }

  /** Shows tasks of a job, perhaps fewer than there are. */
  record Tasks(String job, int from, int max) implements JobRequest {
    public Tasks {
      requireHex(job, JOB_DIGITS);
      require(from >= 0 && max >= 1 && max <= PAGE_MAX);
    }
  }

  /** Shows events of a job, perhaps fewer than there are. */
  record Events(String job, long after, int max) implements JobRequest {
    public Events {
      requireHex(job, JOB_DIGITS);
      require(after >= 0 && max >= 1 && max <= PAGE_MAX);
    }
  }

  /** Cancels what is left of a job. */
  record Cancel(String job) implements JobRequest {
    public Cancel {
      requireHex(job, JOB_DIGITS);
    }
  }

  /** Tries again what failed of a job. */
  record Retry(String job) implements JobRequest {
    public Retry {
      requireHex(job, JOB_DIGITS);
    }
  }

  /** Tells a task that asks what the body says. */
  record AnswerTask(String job, int number) implements JobRequest {
    public AnswerTask {
      requireHex(job, JOB_DIGITS);
      require(number >= 0);
    }
  }

  /**
   * Brings a part of a file that a task left; an empty one after its end.
   *
   * @param sha256 of the whole file, 64 hex digits
   */
  record Artifact(String job, int number, String sha256, long offset) implements JobRequest {
    public Artifact {
      requireHex(job, JOB_DIGITS);
      requireHex(sha256, SHA_256_DIGITS);
      require(number >= 0 && offset >= 0);
    }
  }

  /**
   * Brings a part of a snapshot that the asked member lends to who asks, because a job is on its
   * way there; an empty one after its end.
   *
   * @param sha256 of the whole archive, 64 hex digits
   */
  record Snapshot(String sha256, long offset) implements JobRequest {
    public Snapshot {
      requireHex(sha256, SHA_256_DIGITS);
      require(offset >= 0);
    }
  }

  /** Whether it is a job that comes, after which snapshots may have to follow. */
  default boolean isJob() {
    return this instanceof Submit || this instanceof HandOver;
  }

  /** Whether it gives the node work, which needs the owner's leave. */
  default boolean isWork() {
    return isJob() || this instanceof Retry;
  }

  private static void requireHex(String text, int digits) {
    require(
        text.length() == digits
            && text.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')));
  }

  private static void require(boolean holds) {
    if (!holds) {
      throw new IllegalArgumentException("that is no request about jobs");
    }
  }
}
