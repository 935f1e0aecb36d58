package dev.waggle.mesh.swarm.exchange;

import dev.waggle.mesh.swarm.capability.Ability;
import dev.waggle.mesh.swarm.label.Label;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** What a task asks for, in full. Travels only sealed, to the node that claimed the task. */
public sealed interface TaskSpec {
  /** The model, or what else runs it, as the peers advertise it. */
  String model();

  /** Where it may run, at most {@link Label#OF_REQUEST_MAX}. */
  Set<Label> labels();

  /** What that has to be able to do. */
  Set<Ability> abilities();

  /** How long what it reads is in UTF-8, images as they are given. */
  long promptBytes();

  /** The same for another model. */
  TaskSpec with(String model);

  /** What must be true of a node that runs this. */
  default Requirements requirements() {
    return new Requirements(model(), labels(), abilities());
  }

  /**
   * A conversation to be continued by a model.
   *
   * @param messages the conversation so far, oldest first, at least one
   * @param options what more is wanted
   * @param begun what was answered already, by a worker that is lost; the answer goes on after it
   */
  record Chat(
      String model,
      Set<Label> labels,
      List<ChatMessage> messages,
      Sampling sampling,
      ChatOptions options,
      Optional<Continuation> begun)
      implements TaskSpec {
    public Chat {
      labels = Set.copyOf(labels);
      messages = List.copyOf(messages);
      if (messages.isEmpty()) {
        throw new IllegalArgumentException("a chat needs at least one message");
      }
    }

    /** A chat from its beginning, that may run anywhere. */
    public Chat(String model, List<ChatMessage> messages, Sampling sampling) {
      this(model, Set.of(), messages, sampling, ChatOptions.NONE, Optional.empty());
    }

    @Override
    public Set<Ability> abilities() {
      EnumSet<Ability> abilities = EnumSet.of(Ability.COMPLETION);
      if (!options.tools().isEmpty()) {
        abilities.add(Ability.TOOLS);
      }
      if (messages.stream().anyMatch(each -> !each.images().isEmpty())) {
        abilities.add(Ability.VISION);
      }
      return abilities;
    }

    @Override
    public long promptBytes() {
      return messages.stream().mapToLong(ChatMessage::bytes).sum() + options.bytes();
    }

    @Override
    public Chat with(String other) {
      return new Chat(other, labels, messages, sampling, options, begun);
    }

    /** The rest of an answer. */
    public Chat after(Continuation soFar, Sampling rest) {
      return new Chat(model, labels, messages, rest, options, Optional.of(soFar));
    }
  }

  /**
   * A text to be continued, or filled in.
   *
   * @param suffix what comes after what is filled in; empty when there is nothing
   * @param raw whether the model reads the prompt just as it is
   */
  record Completion(
      String model,
      Set<Label> labels,
      String prompt,
      Optional<String> suffix,
      boolean raw,
      Sampling sampling)
      implements TaskSpec {
    public Completion {
      labels = Set.copyOf(labels);
    }

    @Override
    public Set<Ability> abilities() {
      return suffix.isPresent()
          ? Set.of(Ability.COMPLETION, Ability.INSERT)
          : Set.of(Ability.COMPLETION);
    }

    @Override
    public long promptBytes() {
      return Utf8.length(prompt) + suffix.map(Utf8::length).orElse(0L);
    }

    @Override
    public Completion with(String other) {
      return new Completion(other, labels, prompt, suffix, raw, sampling);
    }
  }

  /**
   * Texts to be turned into vectors.
   *
   * @param inputs 1 to {@value #INPUTS_MAX}
   * @param dimensions how long each vector is to be; left to the model when empty
   * @param truncate whether an input that is too long is cut, or refused
   */
  record Embedding(
      String model,
      Set<Label> labels,
      List<String> inputs,
      OptionalInt dimensions,
      boolean truncate)
      implements TaskSpec {
    /** The most inputs of one task. */
    public static final int INPUTS_MAX = 2_048;

    public Embedding {
      labels = Set.copyOf(labels);
      inputs = List.copyOf(inputs);
      if (inputs.isEmpty() || inputs.size() > INPUTS_MAX) {
        throw new IllegalArgumentException("1 to " + INPUTS_MAX + " texts can be embedded at once");
      }
      if (dimensions.isPresent() && dimensions.getAsInt() < 1) {
        throw new IllegalArgumentException("a vector has one dimension or more");
      }
    }

    @Override
    public Set<Ability> abilities() {
      return Set.of(Ability.EMBEDDING);
    }

    @Override
    public long promptBytes() {
      return inputs.stream().mapToLong(Utf8::length).sum();
    }

    @Override
    public Embedding with(String other) {
      return new Embedding(other, labels, inputs, dimensions, truncate);
    }
  }

  /**
   * A script to be run where it can do no harm.
   *
   * @param source the script; its first file
   * @param args what it is called with, at most {@value #ARGS_MAX}
   * @param stdin what it can read
   * @param files that it finds in its directory, at most {@value #FILES_MAX}; none is the script's
   *     own
   * @param collect paths of the files that are brought back where it made them, in the order of the
   *     list, at most {@value #FILES_MAX}
   * @param snapshot files that it finds there, too, except for those of the same path
   */
  record Code(
      Language language,
      Set<Label> labels,
      String source,
      List<String> args,
      Bytes stdin,
      List<CodeFile> files,
      List<String> collect,
      CodeLimits limits,
      Optional<Snapshot> snapshot)
      implements TaskSpec {
    /** The most files that go with a script, or come back. */
    public static final int FILES_MAX = 256;

    /** The most arguments. */
    public static final int ARGS_MAX = 256;

    // No file of a repository is to be in the way of the script, nor the script in its way.
    private static final String BESIDE_SNAPSHOT = ".waggle-";

    public Code {
      labels = Set.copyOf(labels);
      args = List.copyOf(args);
      files = List.copyOf(files);
      collect = List.copyOf(collect);
      if (args.size() > ARGS_MAX || args.stream().anyMatch(each -> each.indexOf(0) >= 0)) {
        throw new IllegalArgumentException(
            "a script has at most " + ARGS_MAX + " arguments, none with a zero character");
      }
      int filesMax = snapshot.isPresent() ? Snapshot.FILES_MAX + FILES_MAX : FILES_MAX;
      if (files.size() > filesMax || collect.size() > FILES_MAX) {
        throw new IllegalArgumentException(
            "at most " + FILES_MAX + " files go with a script, and as many come back");
      }
      Set<String> paths = new HashSet<>(Set.of(scriptFile(language, snapshot)));
      for (CodeFile each : files) {
        if (!paths.add(each.path())) {
          throw new IllegalArgumentException("two files are called " + each.path());
        }
      }
      collect.forEach(CodeFile::check);
    }

    /** A script without a snapshot. */
    public Code(
        Language language,
        Set<Label> labels,
        String source,
        List<String> args,
        Bytes stdin,
        List<CodeFile> files,
        List<String> collect,
        CodeLimits limits) {
      this(language, labels, source, args, stdin, files, collect, limits, Optional.empty());
    }

    /** A script by itself, that may run anywhere. */
    public Code(Language language, String source) {
      this(
          language,
          Set.of(),
          source,
          List.of(),
          Bytes.EMPTY,
          List.of(),
          List.of(),
          CodeLimits.DEFAULT);
    }

    @Override
    public String model() {
      return language.runtime();
    }

    @Override
    public Set<Ability> abilities() {
      return Set.of(Ability.CODE);
    }

    @Override
    public long promptBytes() {
      return Utf8.length(source)
          + args.stream().mapToLong(Utf8::length).sum()
          + stdin.size()
          + files.stream().mapToLong(each -> each.content().size()).sum();
    }

    /** The same with other input and files. */
    public Code with(Bytes input, List<CodeFile> others) {
      return new Code(language, labels, source, args, input, others, collect, limits, snapshot);
    }

    /** Under which name the script is run. */
    public String scriptFile() {
      return scriptFile(language, snapshot);
    }

    private static String scriptFile(Language language, Optional<Snapshot> snapshot) {
      return snapshot.isPresent() ? BESIDE_SNAPSHOT + language.file() : language.file();
    }

    /**
     * The same with all files that it finds in its directory.
     *
     * @param archive the files of its snapshot
     */
    public Code unpacked(List<CodeFile> archive) {
      Set<String> gone = new HashSet<>(snapshot.map(Snapshot::without).orElse(List.of()));
      gone.add(scriptFile());
      files.forEach(each -> gone.add(each.path()));
      List<CodeFile> all = new ArrayList<>(files);
      archive.stream().filter(each -> !gone.contains(each.path())).forEach(all::add);
      return with(stdin, all);
    }

    /** Its runtime follows from its language. */
    @Override
    public Code with(String other) {
      if (!other.equals(model())) {
        throw new IllegalArgumentException(model() + " is run by nothing else");
      }
      return this;
    }
  }
}
