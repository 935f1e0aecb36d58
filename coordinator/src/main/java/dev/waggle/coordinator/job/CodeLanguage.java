package dev.waggle.coordinator.job;

import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.label.Label;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A language that models write code in, and how what they wrote is tested. */
public enum CodeLanguage {
  /** Each part is a module, which tests import. */
  PYTHON(Language.PYTHON, ".py"),
  /** Parts have no modules: they stand before the tests in one script. */
  JAVASCRIPT(Language.JAVASCRIPT, ".js"),
  /** Each part is a file, which tests source. */
  SHELL(Language.SHELL, ".sh");

  private static final String UNITTEST =
      """
      import os, sys, unittest
      tests = unittest.defaultTestLoader.discover(".")
      if not tests.countTestCases() and os.path.isdir("tests"):
          tests = unittest.defaultTestLoader.discover("tests")
      ended = unittest.TextTestRunner().run(tests)
      if not ended.testsRun:
          sys.exit("the repository has no tests that Python's unittest finds")
      sys.exit(not ended.wasSuccessful())
      """;

  private final Language language;
  private final String ending;

  CodeLanguage(Language language, String ending) {
    this.language = language;
    this.ending = ending;
  }

  /** The language that a user names; empty for one that models do not write code in here. */
  public static Optional<CodeLanguage> find(String text) {
    return Language.find(text)
        .flatMap(
            found -> List.of(values()).stream().filter(each -> each.language == found).findFirst());
  }

  Language language() {
    return language;
  }

  /** A script that runs the tests that a repository itself has, and fails where it has none. */
  Optional<String> ownTests() {
    return this == PYTHON ? Optional.of(UNITTEST) : Optional.empty();
  }

  String text() {
    return language.text();
  }

  String file(String part) {
    return part + ending;
  }

  String howToTest(String part) {
    return switch (this) {
      case PYTHON -> "Begin with \"from " + part + " import *\" and use assert.";
      case JAVASCRIPT ->
          "The functions are defined already in the same script: import nothing, and throw an Error"
              + " when something is wrong.";
      case SHELL -> "Begin with \". ./" + part + ".sh\" and exit 1 when something is wrong.";
    };
  }

  String howToTestRepository() {
    return switch (this) {
      case PYTHON -> "Import the repository's modules as they are found from its root, use assert.";
      case JAVASCRIPT -> "Throw an Error when something is wrong.";
      case SHELL ->
          "Call the repository's files from its root, and exit 1 when something is wrong.";
    };
  }

  /** A run of tests on the parts that there are, in the order in which they were made. */
  TaskSpec.Code test(
      String tests, Map<String, String> parts, Set<Label> labels, CodeLimits limits) {
    List<CodeFile> files = new ArrayList<>();
    String source = tests;
    if (this == JAVASCRIPT) {
      source = String.join("\n", parts.values()) + "\n" + tests;
    } else {
      parts.forEach((name, code) -> files.add(new CodeFile(file(name), Bytes.of(code))));
    }
    return new TaskSpec.Code(
        language, labels, source, List.of(), Bytes.EMPTY, files, List.of(), limits);
  }
}
