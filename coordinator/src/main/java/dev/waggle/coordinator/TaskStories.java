package dev.waggle.coordinator;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.RecentMap;
import dev.waggle.mesh.swarm.exchange.TaskId;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Remembers what happened to the last requests. Thread-safe. */
final class TaskStories {
  private static final int TASKS_MAX = 1_000;

  private final Clock clock;
  private final Map<TaskId, TaskStory> stories = new RecentMap<>(TASKS_MAX);

  TaskStories(Clock clock) {
    this.clock = clock;
  }

  synchronized void begin(TaskId task, String model) {
    stories.put(task, new TaskStory(task, model, List.of()));
  }

  synchronized void add(TaskId task, TaskStory.Kind kind, Optional<PeerId> node, String detail) {
    stories.computeIfPresent(
        task,
        (id, story) -> {
          if (story.events().size() == TaskStory.EVENTS_MAX) {
            return story;
          }
          List<TaskStory.Event> events = new ArrayList<>(story.events());
          events.add(new TaskStory.Event(clock.instant(), kind, node, detail));
          return new TaskStory(id, story.model(), events);
        });
  }

  synchronized Optional<TaskStory> of(TaskId task) {
    return Optional.ofNullable(stories.get(task));
  }
}
