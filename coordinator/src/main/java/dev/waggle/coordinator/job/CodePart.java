package dev.waggle.coordinator.job;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A part of the code that is wanted, and what belongs to it.
 *
 * @param tests a script that ends well when the part is right
 * @param others the code of the parts that are there already, by their names
 */
record CodePart(Subtask subtask, String plan, String tests, Map<String, String> others) {
  CodePart {
    // Their order counts.
    others = Collections.unmodifiableMap(new LinkedHashMap<>(others));
  }
}
