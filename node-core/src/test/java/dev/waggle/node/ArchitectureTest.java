package dev.waggle.node;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Fails when an arrow between modules or layers points up. */
class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.waggle");

  @Test
  void modules_useOnlyThoseBelow() {
    layeredArchitecture()
        .consideringOnlyDependenciesInAnyPackage("dev.waggle..")
        .layer("crypto")
        .definedBy("dev.waggle.crypto..")
        .layer("ledger")
        .definedBy("dev.waggle.ledger..")
        .layer("mesh")
        .definedBy("dev.waggle.mesh..")
        .layer("worker")
        .definedBy("dev.waggle.worker..")
        .layer("coordinator")
        .definedBy("dev.waggle.coordinator..")
        .layer("node")
        .definedBy("dev.waggle.node..")
        .whereLayer("node")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("worker")
        .mayOnlyBeAccessedByLayers("node")
        .whereLayer("coordinator")
        .mayOnlyBeAccessedByLayers("node")
        .whereLayer("mesh")
        .mayOnlyBeAccessedByLayers("worker", "coordinator", "node")
        .whereLayer("ledger")
        .mayOnlyBeAccessedByLayers("worker", "coordinator", "node")
        .check(CLASSES);
  }

  @Test
  void libp2p_knowsNothingOfSwarms() {
    noClasses()
        .that()
        .resideInAPackage("dev.waggle.mesh.libp2p..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.waggle.mesh.swarm..")
        .check(CLASSES);
  }

  @Test
  void libp2pFacade_showsNoNetty() {
    noClasses()
        .that()
        .resideInAPackage("dev.waggle.mesh.libp2p")
        .or()
        .resideInAPackage("dev.waggle.mesh.swarm..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.netty..")
        .check(CLASSES);
  }

  @Test
  void machines_readNoClockAndDoNoIo() {
    noClasses()
        .that()
        .haveSimpleNameEndingWith("Machine")
        .or()
        .haveSimpleName("Admission")
        .or()
        .haveSimpleName("Placer")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.io..", "java.net..", "java.nio..", "java.time.Clock")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .check(CLASSES);
  }

  @Test
  void partsOfTheNode_haveNoCycles() {
    slices().matching("dev.waggle.node.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void databases_areUsedWhereTheyBelong() {
    classes()
        .that()
        .resideInAPackage("org.h2..")
        .should()
        .onlyBeAccessed()
        .byAnyPackage("dev.waggle.ledger.file", "org.h2..")
        .allowEmptyShould(true)
        .check(CLASSES);
  }
}
