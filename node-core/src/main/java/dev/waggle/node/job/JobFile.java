package dev.waggle.node.job;

import dev.waggle.coordinator.ModelQuery;
import dev.waggle.coordinator.job.CodeLanguage;
import dev.waggle.coordinator.job.CodeOrder;
import dev.waggle.coordinator.job.JobDraft;
import dev.waggle.coordinator.job.JobKind;
import dev.waggle.coordinator.job.JobWork;
import dev.waggle.coordinator.job.TaskDraft;
import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.ChatOptions;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.mesh.swarm.exchange.Priority;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.label.Label;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Reads a job as a user writes it, in YAML 1.2, of which JSON is a part. The form is that of {@code
 * job.schema.json} beside this class.
 */
public final class JobFile {
  /** The longest file, in characters. */
  public static final int CHARACTERS_MAX = 16 << 20;

  private static final int DEPTH_MAX = 32;
  private static final String INPUT = "{input}";
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,100}");
  private static final Pattern SHA_256 = Pattern.compile("[0-9a-f]{64}");
  private static final List<String> KINDS = words(JobKind.values());
  private static final List<String> LANGUAGES =
      Arrays.stream(Language.values()).map(Language::text).toList();
  private static final Duration DEADLINE_MAX = Duration.ofDays(30);

  private final Clock clock;
  private final Set<Label> ownLabels;

  /**
   * @param ownLabels what every request of this node carries
   */
  public JobFile(Clock clock, Set<Label> ownLabels) {
    this.clock = clock;
    this.ownLabels = Set.copyOf(ownLabels);
  }

  private static List<String> words(Enum<?>[] values) {
    return Arrays.stream(values).map(each -> each.name().toLowerCase(Locale.ROOT)).toList();
  }

  /**
   * Reads it.
   *
   * @throws JobFileException naming the line and the field that is wrong
   */
  public JobDraft read(String text) throws JobFileException {
    if (text.length() > CHARACTERS_MAX) {
      throw new JobFileException("a job file has at most " + CHARACTERS_MAX + " characters");
    }
    try {
      LoadSettings settings =
          LoadSettings.builder()
              .setUseMarks(true)
              .setAllowDuplicateKeys(false)
              .setAllowRecursiveKeys(false)
              .setCodePointLimit(CHARACTERS_MAX)
              .build();
      checkDepth(settings, text);
      Optional<Node> node = new Compose(settings).composeString(text);
      if (node.isEmpty()) {
        throw new JobFileException("the job is empty (begin with \"kind: run\")");
      }
      return job(new YamlFields(node.get(), ""));
    } catch (MarkedYamlEngineException e) {
      String line =
          e.getProblemMark().map(mark -> "line " + (mark.getLine() + 1) + ": ").orElse("");
      throw new JobFileException(line + "this is neither YAML nor JSON: " + e.getProblem(), e);
    } catch (YamlEngineException e) {
      throw new JobFileException("this is neither YAML nor JSON: " + e.getMessage(), e);
    }
  }

  /** What follows reads what is in something by calling itself. */
  private static void checkDepth(LoadSettings settings, String text) throws JobFileException {
    int depth = 0;
    for (Event each : new Parse(settings).parseString(text)) {
      if (each instanceof CollectionStartEvent) {
        depth++;
      } else if (each instanceof CollectionEndEvent) {
        depth--;
      }
      if (depth > DEPTH_MAX) {
        throw new JobFileException("a job's fields are at most " + DEPTH_MAX + " deep");
      }
    }
  }

  /** What holds for all tasks of a job. */
  private record Common(Set<Label> labels, int attempts, int replicas, CodeLimits limits) {}

  private JobDraft job(YamlFields fields) throws JobFileException {
    if (!fields.has("kind")) {
      throw fields.wrong("kind", "is missing (one of " + String.join(", ", KINDS) + ")");
    }
    JobKind kind = JobKind.valueOf(fields.word("kind", KINDS).toUpperCase(Locale.ROOT));
    Common common =
        new Common(
            labels(fields),
            (int) fields.integer("attempts", 1, TaskDraft.ATTEMPTS_MAX, TaskDraft.ATTEMPTS),
            (int) fields.integer("replicas", 0, TaskDraft.REPLICAS_MAX, 1),
            limits(fields));
    List<TaskDraft> tasks =
        switch (kind) {
          case RUN, CHAT -> tasks(fields, kind, common);
          case MAP -> map(fields, common);
          case CODE -> List.of(code(fields, common));
        };
    String title = fields.text("title").orElse("");
    String key = fields.text("key").orElse("");
    Priority priority =
        Priority.valueOf(
            fields.word("priority", List.of("normal", "low", "high")).toUpperCase(Locale.ROOT));
    Optional<Instant> deadline = deadline(fields);
    fields.end();
    try {
      return new JobDraft(kind, title, key, priority, deadline, tasks);
    } catch (IllegalArgumentException e) {
      throw new JobFileException(String.valueOf(e.getMessage()), e);
    }
  }

  private Optional<Instant> deadline(YamlFields fields) throws JobFileException {
    Optional<Duration> time = fields.time("deadline");
    if (time.isPresent() && (time.get().isZero() || time.get().compareTo(DEADLINE_MAX) > 0)) {
      throw fields.wrong(
          "deadline", "has to be more than nothing and at most " + DEADLINE_MAX.toDays() + "d");
    }
    return time.map(clock.instant()::plus);
  }

  private Set<Label> labels(YamlFields fields) throws JobFileException {
    Set<Label> labels = new HashSet<>(ownLabels);
    for (String each : fields.texts("labels")) {
      if (!Label.isLabel(each)) {
        throw fields.wrong("labels", "has \"" + each + "\", which is no label (like team-a)");
      }
      labels.add(new Label(each));
    }
    if (labels.size() > Label.OF_REQUEST_MAX) {
      throw fields.wrong("labels", "has more than " + Label.OF_REQUEST_MAX);
    }
    return labels;
  }

  private static CodeLimits limits(YamlFields fields) throws JobFileException {
    Optional<YamlFields> given = fields.object("limits");
    CodeLimits usual = CodeLimits.DEFAULT;
    if (given.isEmpty()) {
      return usual;
    }
    YamlFields limits = given.get();
    try {
      CodeLimits read =
          new CodeLimits(
              limits.time("wall").orElse(usual.wall()),
              limits.size("memory").orElse(usual.memoryBytes()),
              (int) limits.integer("processes", 1, CodeLimits.PROCESSES_MAX, usual.processes()),
              limits.size("disk").orElse(usual.diskBytes()),
              (int)
                  Math.min(
                      limits.size("output").orElse((long) usual.outputBytes()), Integer.MAX_VALUE));
      limits.end();
      return read;
    } catch (IllegalArgumentException e) {
      throw fields.wrong("limits", "is wrong: " + e.getMessage());
    }
  }

  // ---- run and chat

  private static List<TaskDraft> tasks(YamlFields fields, JobKind kind, Common common)
      throws JobFileException {
    if (!fields.has("tasks")) {
      return kind == JobKind.CHAT ? prompts(fields, common) : List.of(script(fields, common));
    }
    List<Node> nodes = fields.list("tasks");
    List<YamlFields> all = new ArrayList<>();
    Map<String, Integer> numbers = new HashMap<>();
    for (int i = 0; i < nodes.size(); i++) {
      YamlFields task = fields.element("tasks", i, nodes.get(i));
      Optional<String> name = task.text("name");
      if (name.isPresent() && !NAME.matcher(name.get()).matches()) {
        throw task.wrong("name", "has to be 1 to 100 letters, digits, points, _ or -");
      }
      if (name.isPresent() && numbers.put(name.get(), i) != null) {
        throw task.wrong("name", "is \"" + name.get() + "\", like that of another task");
      }
      all.add(task);
    }
    List<TaskDraft> drafts = new ArrayList<>();
    for (YamlFields task : all) {
      List<Integer> after = new ArrayList<>();
      for (String each : task.texts("after")) {
        Integer number = numbers.get(each);
        if (number == null) {
          throw task.wrong("after", "names \"" + each + "\", and no task is called so");
        }
        after.add(number);
      }
      JobWork work =
          task.has("prompt") ? chat(task, task.required("prompt"), common) : run(task, common);
      task.end();
      drafts.add(
          new TaskDraft(
              task.text("name").orElse(""), after, work, common.attempts(), common.replicas()));
    }
    if (drafts.isEmpty()) {
      throw fields.wrong("tasks", "is empty");
    }
    return drafts;
  }

  private static TaskDraft script(YamlFields fields, Common common) throws JobFileException {
    return draft(run(fields, common), common);
  }

  private static TaskDraft draft(JobWork work, Common common) {
    return new TaskDraft("", List.of(), work, common.attempts(), common.replicas());
  }

  private static JobWork run(YamlFields fields, Common common) throws JobFileException {
    return new JobWork.Ask(code(fields, common, fields.text("stdin").orElse("")));
  }

  private static Language language(YamlFields fields) throws JobFileException {
    if (!fields.has("language")) {
      throw fields.wrong("language", "is missing (one of " + String.join(", ", LANGUAGES) + ")");
    }
    return Language.find(fields.word("language", LANGUAGES)).orElseThrow();
  }

  private static TaskSpec.Code code(YamlFields fields, Common common, String stdin)
      throws JobFileException {
    Language language = language(fields);
    String source = fields.required("source");
    List<CodeFile> files = new ArrayList<>();
    Optional<YamlFields> given = fields.object("files");
    if (given.isPresent()) {
      for (String path : given.get().names()) {
        files.add(file(given.get(), path));
      }
    }
    try {
      return new TaskSpec.Code(
          language,
          common.labels(),
          source,
          fields.texts("args"),
          Bytes.of(stdin),
          files,
          fields.texts("collect"),
          common.limits());
    } catch (IllegalArgumentException e) {
      throw fields.wrong("source", "cannot be run: " + e.getMessage());
    }
  }

  private static CodeFile file(YamlFields files, String path) throws JobFileException {
    Bytes content = files.content(path);
    try {
      return new CodeFile(path, content);
    } catch (IllegalArgumentException e) {
      throw files.wrong(path, "is no path of a file: " + e.getMessage());
    }
  }

  private static List<TaskDraft> prompts(YamlFields fields, Common common) throws JobFileException {
    List<String> prompts = fields.texts(fields.has("prompts") ? "prompts" : "prompt");
    if (prompts.isEmpty()) {
      throw fields.wrong("prompts", "is missing");
    }
    List<TaskDraft> drafts = new ArrayList<>();
    for (String each : prompts) {
      drafts.add(draft(chat(fields, each, common), common));
    }
    return drafts;
  }

  private static JobWork chat(YamlFields fields, String prompt, Common common)
      throws JobFileException {
    List<ChatMessage> messages = new ArrayList<>();
    Optional<String> system = fields.text("system");
    system.ifPresent(text -> messages.add(new ChatMessage(ChatMessage.Role.SYSTEM, text)));
    messages.add(new ChatMessage(ChatMessage.Role.USER, prompt));
    long tokens = fields.integer("max_tokens", 1, Integer.MAX_VALUE, 0);
    long seed = fields.integer("seed", Long.MIN_VALUE + 1, Long.MAX_VALUE, Long.MIN_VALUE);
    Optional<Double> temperature = fields.decimal("temperature");
    try {
      Sampling sampling =
          new Sampling(
              tokens == 0 ? OptionalInt.empty() : OptionalInt.of((int) tokens),
              temperature.map(OptionalDouble::of).orElse(OptionalDouble.empty()),
              OptionalDouble.empty(),
              seed == Long.MIN_VALUE ? OptionalLong.empty() : OptionalLong.of(seed),
              List.of());
      return new JobWork.Ask(
          new TaskSpec.Chat(
              fields.text("model").orElse(ModelQuery.AUTO),
              common.labels(),
              messages,
              sampling,
              ChatOptions.NONE,
              Optional.empty()));
    } catch (IllegalArgumentException e) {
      throw fields.wrong("temperature", "is wrong: " + e.getMessage());
    }
  }

  // ---- map

  private static List<TaskDraft> map(YamlFields fields, Common common) throws JobFileException {
    List<String> inputs = fields.texts("inputs");
    if (inputs.isEmpty() || inputs.size() > JobDraft.TASKS_MAX) {
      throw fields.wrong("inputs", "has to be a list of 1 to " + JobDraft.TASKS_MAX + " texts");
    }
    if (fields.has("prompt") == fields.has("source")) {
      throw fields.wrong("inputs", "need either a prompt or a source to be given to");
    }
    List<TaskDraft> drafts = new ArrayList<>();
    if (fields.has("prompt")) {
      String prompt = fields.required("prompt");
      for (String each : inputs) {
        String filled =
            prompt.contains(INPUT) ? prompt.replace(INPUT, each) : prompt + "\n\n" + each;
        drafts.add(draft(chat(fields, filled, common), common));
      }
      return drafts;
    }
    TaskSpec.Code script = code(fields, common, "");
    for (String each : inputs) {
      drafts.add(draft(new JobWork.Ask(script.with(Bytes.of(each), script.files())), common));
    }
    return drafts;
  }

  // ---- code

  private static TaskDraft code(YamlFields fields, Common common) throws JobFileException {
    String language = fields.word("language", words(CodeLanguage.values()));
    String model = fields.text("model").orElse(ModelQuery.AUTO);
    try {
      CodeOrder order =
          new CodeOrder(
              fields.required("prompt"),
              language,
              fields.text("tests").orElse(null),
              model,
              fields.text("planner").orElse(model),
              fields.text("larger").orElse(null),
              (int) fields.integer("rounds", 1, CodeOrder.ROUNDS_MAX, CodeOrder.ROUNDS),
              (int) fields.integer("candidates", 1, CodeOrder.CANDIDATES_MAX, CodeOrder.CANDIDATES),
              Label.texts(common.labels()),
              repo(fields),
              common.limits());
      return draft(new JobWork.Develop(order), common);
    } catch (IllegalArgumentException e) {
      throw fields.wrong("prompt", "is wrong: " + e.getMessage());
    }
  }

  private static @Nullable String repo(YamlFields fields) throws JobFileException {
    Optional<String> repo = fields.text("repo");
    if (repo.isPresent() && !SHA_256.matcher(repo.get()).matches()) {
      throw fields.wrong(
          "repo",
          "is no SHA-256 of a snapshot: 64 hex digits, as POST /swarm/v1/artifacts answers them"
              + " (waggle code --repo DIR@REV does all that)");
    }
    return repo.orElse(null);
  }
}
