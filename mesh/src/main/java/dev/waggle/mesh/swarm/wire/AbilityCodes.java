package dev.waggle.mesh.swarm.wire;

import dev.waggle.mesh.swarm.capability.Ability;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Abilities as numbers: their places in the declaration, counted from 1. */
public final class AbilityCodes {
  private AbilityCodes() {}

  /** The numbers, in order. */
  public static List<Integer> encode(Set<Ability> abilities) {
    return abilities.stream().sorted().map(each -> Codes.of(Ability.class, each)).toList();
  }

  /** What numbers mean; those of later versions are left out. */
  public static Set<Ability> decode(Collection<Integer> codes) {
    EnumSet<Ability> abilities = EnumSet.noneOf(Ability.class);
    codes.forEach(code -> Codes.find(Ability.class, code).ifPresent(abilities::add));
    return abilities;
  }
}
