package dev.waggle.node.cli;

import dev.waggle.node.demo.Demo;
import dev.waggle.node.demo.DemoException;
import dev.waggle.node.process.NodeProcess;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

@Command(
    name = "demo",
    description =
        "Show the main job: three nodes become a swarm, one answers, is killed, another answers.",
    mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
  @Override
  public Integer call() throws CommandException, InterruptedException {
    try {
      new Demo(System.out, NodeProcess.thisProgram()).run();
      return ExitCode.DONE;
    } catch (DemoException | IOException e) {
      throw new CommandException(ExitCode.FAILED, "the demo failed: " + e.getMessage(), e);
    }
  }
}
