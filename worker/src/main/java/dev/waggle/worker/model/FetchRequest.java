package dev.waggle.worker.model;

import dev.waggle.crypto.PeerId;
import java.util.Optional;

/**
 * What is to be copied.
 *
 * @param model its name at those that offer it
 * @param from the only source; empty for every member that has it
 * @param replace whether it may take the place of another model with its name
 */
public record FetchRequest(String model, Optional<PeerId> from, boolean replace) {}
