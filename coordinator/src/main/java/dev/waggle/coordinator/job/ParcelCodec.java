package dev.waggle.coordinator.job;

import static dev.waggle.coordinator.job.JobTables.code;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.exchange.Priority;
import dev.waggle.mesh.swarm.pb.ParcelledEvent;
import dev.waggle.mesh.swarm.pb.ParcelledJob;
import dev.waggle.mesh.swarm.pb.ParcelledStep;
import dev.waggle.mesh.swarm.pb.ParcelledTask;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;

/** Jobs that travel, as bytes. What comes from a member is checked as what a user submits. */
public final class ParcelCodec {
  // A task finds what others said in files of their names.
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{0,100}");
  private static final HexFormat HEX = HexFormat.of();
  private static final ObjectMapper JSON = new ObjectMapper();

  private ParcelCodec() {}

  /** Its bytes. */
  public static byte[] encode(JobParcel parcel) {
    JobDraft draft = parcel.draft();
    ParcelledJob.Builder job =
        ParcelledJob.newBuilder()
            .setKind(code(draft.kind()))
            .setTitle(draft.title())
            .setKey(draft.key())
            .setPriority(code(draft.priority()))
            .setDeadlineMs(draft.deadline().map(Instant::toEpochMilli).orElse(0L));
    for (int i = 0; i < draft.tasks().size(); i++) {
      ParcelledTask.Builder task = encode(draft.tasks().get(i));
      int number = i;
      parcel.begun().ifPresent(begun -> add(task, begun.tasks().get(number)));
      job.addTasks(task);
    }
    parcel.begun().ifPresent(begun -> add(job, begun));
    return job.build().toByteArray();
  }

  private static ParcelledTask.Builder encode(TaskDraft task) {
    return ParcelledTask.newBuilder()
        .setName(task.name())
        .addAllAfter(task.after())
        .setWork(ByteString.copyFrom(task.work().encode()))
        .setAttemptsMax(task.attempts())
        .setReplicas(task.replicas());
  }

  private static void add(ParcelledTask.Builder encoded, JobParcel.Task task) {
    encoded
        .setState(code(task.state()))
        .setAttempts(task.attempts())
        .setNotBeforeMs(task.notBefore());
    task.result().ifPresent(encoded::setResult);
    task.error().ifPresent(encoded::setError);
    task.steps()
        .forEach(
            (name, result) ->
                encoded.addSteps(ParcelledStep.newBuilder().setName(name).setResult(result)));
  }

  private static void add(ParcelledJob.Builder encoded, JobParcel.Begun begun) {
    encoded
        .setName(begun.id().value())
        .setTransfer(ByteString.copyFrom(HEX.parseHex(begun.transfer())))
        .setCreatedMs(begun.created().toEpochMilli())
        .setContent(ByteString.copyFrom(HEX.parseHex(begun.content())));
    for (JobEvent each : begun.events()) {
      encoded.addEvents(
          ParcelledEvent.newBuilder()
              .setNumber(each.number())
              .setTimeMs(each.time().toEpochMilli())
              .setKind(code(each.kind()))
              .setTask(each.task().orElse(-1) + 1)
              .setDetail(each.detail()));
    }
  }

  /**
   * Reads it.
   *
   * @throws MalformedFrameException if the bytes are no job
   */
  public static JobParcel decode(byte[] bytes) throws MalformedFrameException {
    try {
      ParcelledJob job = ParcelledJob.parseFrom(bytes);
      List<TaskDraft> tasks = new ArrayList<>();
      Set<String> names = new HashSet<>();
      for (ParcelledTask each : job.getTasksList()) {
        tasks.add(draft(each));
        require(each.getName().isEmpty() || names.add(each.getName()));
      }
      JobDraft draft =
          new JobDraft(
              of(JobKind.class, job.getKind()),
              job.getTitle(),
              job.getKey(),
              of(Priority.class, job.getPriority()),
              JobTables.time(job.getDeadlineMs()),
              tasks);
      draft.labels();
      return job.getName().isEmpty()
          ? new JobParcel(draft)
          : new JobParcel(draft, Optional.of(begun(job)));
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new MalformedFrameException("a job cannot be read: " + e.getMessage());
    }
  }

  private static TaskDraft draft(ParcelledTask task) throws MalformedFrameException {
    String name = task.getName();
    require(NAME.matcher(name).matches() && !name.equals(".") && !name.equals(".."));
    return new TaskDraft(
        name,
        task.getAfterList(),
        JobWork.decode(task.getWork().toByteArray()),
        task.getAttemptsMax(),
        task.getReplicas());
  }

  private static JobParcel.Begun begun(ParcelledJob job) {
    List<JobParcel.Task> tasks = new ArrayList<>();
    job.getTasksList().forEach(each -> tasks.add(task(each)));
    List<JobEvent> events = new ArrayList<>();
    job.getEventsList().forEach(each -> events.add(event(each)));
    return new JobParcel.Begun(
        new JobId(job.getName()),
        HEX.formatHex(job.getTransfer().toByteArray()),
        Instant.ofEpochMilli(job.getCreatedMs()),
        HEX.formatHex(job.getContent().toByteArray()),
        tasks,
        events);
  }

  private static JobParcel.Task task(ParcelledTask task) {
    Map<String, String> steps = new HashMap<>();
    task.getStepsList().forEach(each -> steps.put(each.getName(), each.getResult()));
    Optional<String> result = task.hasResult() ? Optional.of(task.getResult()) : Optional.empty();
    require(result.isEmpty() || isObject(result.get()));
    return new JobParcel.Task(
        of(JobTaskState.class, task.getState()),
        task.getAttempts(),
        task.getNotBeforeMs(),
        result,
        task.hasError() ? Optional.of(task.getError()) : Optional.empty(),
        steps);
  }

  private static JobEvent event(ParcelledEvent event) {
    require(event.getTask() >= 0 && event.getTask() <= JobDraft.TASKS_MAX);
    return new JobEvent(
        event.getNumber(),
        Instant.ofEpochMilli(event.getTimeMs()),
        of(JobEvent.Kind.class, event.getKind()),
        event.getTask() == 0 ? OptionalInt.empty() : OptionalInt.of(event.getTask() - 1),
        event.getDetail());
  }

  /** What tasks that need it read of it. */
  private static boolean isObject(String json) {
    try {
      return JSON.readTree(json).isObject();
    } catch (JsonProcessingException e) {
      return false;
    }
  }

  private static <E extends Enum<E>> E of(Class<E> type, int code) {
    require(code >= 0 && code < type.getEnumConstants().length);
    return JobTables.of(type, code);
  }

  private static void require(boolean holds) {
    if (!holds) {
      throw new IllegalArgumentException("that is none");
    }
  }
}
