package dev.waggle.mesh.swarm.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.capability.Speed;
import dev.waggle.mesh.swarm.capability.Wanted;
import dev.waggle.mesh.swarm.label.LabelRule;
import dev.waggle.mesh.swarm.membership.CertificateChain;
import dev.waggle.mesh.swarm.membership.MembershipException;
import dev.waggle.mesh.swarm.pb.Advert;
import dev.waggle.mesh.swarm.pb.CapabilityRecord;
import dev.waggle.mesh.swarm.pb.Model;
import dev.waggle.mesh.swarm.pb.WantedModel;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The bytes of a capability advert. Decoding refuses what its records refuse. */
public final class AdvertCodec {
  private static final Logger log = LoggerFactory.getLogger(AdvertCodec.class);

  private AdvertCodec() {}

  /** The bytes of an advert. */
  public static byte[] encode(dev.waggle.mesh.swarm.capability.Advert advert) {
    Capability capability = advert.capability();
    CapabilityRecord.Builder record =
        CapabilityRecord.newBuilder()
            .setNodeName(capability.nodeName())
            .setSoftware(capability.softwareVersion())
            .setSlots(capability.slots())
            .setRunning(capability.running())
            .setQueued(capability.queued())
            .addAllLabelRules(capability.labelRules().stream().map(LabelRule::toString).toList());
    record.setBacklogMs(capability.backlog().toMillis());
    capability
        .wanted()
        .forEach(
            each ->
                record.addWanted(
                    WantedModel.newBuilder().setModel(each.model()).setRequests(each.requests())));
    for (ModelOffer model : capability.models()) {
      record.addModels(
          Model.newBuilder()
              .setName(model.name())
              .setDigest(model.digest())
              .setEngine(model.engine())
              .setSize(model.sizeBytes())
              .setContext(model.contextTokens())
              .setLoaded(model.loaded())
              .setParameters(model.parameters())
              .setAccelerated(model.accelerated())
              .addAllAbilities(AbilityCodes.encode(model.abilities()))
              .setResumable(model.resumable())
              .setPrefill((float) model.speed().prefill())
              .setDecode((float) model.speed().decode())
              .setLoadMs(model.speed().load().toMillis()));
    }
    Advert.Builder builder =
        Advert.newBuilder()
            .setSequence(advert.sequence())
            .setIssuedMs(advert.issued().toEpochMilli())
            .setTtlMs((int) advert.timeToLive().toMillis())
            .setChain(advert.chain().toProtobuf())
            .setCapability(record);
    advert.addresses().forEach(each -> builder.addAddresses(ByteString.copyFrom(each.bytes())));
    return builder.build().toByteArray();
  }

  /** Reads an advert. Nothing is verified by that. */
  public static dev.waggle.mesh.swarm.capability.Advert decode(byte[] bytes)
      throws MalformedFrameException {
    try {
      Advert advert = Advert.parseFrom(bytes);
      List<Multiaddr> addresses = new ArrayList<>();
      for (ByteString each : advert.getAddressesList()) {
        addresses.add(Multiaddr.ofBytes(each.toByteArray()));
      }
      return new dev.waggle.mesh.swarm.capability.Advert(
          advert.getSequence(),
          Instant.ofEpochMilli(advert.getIssuedMs()),
          Duration.ofMillis(advert.getTtlMs()),
          CertificateChain.of(advert.getChain()),
          addresses,
          decode(advert.getCapability()));
    } catch (InvalidProtocolBufferException | MembershipException | IllegalArgumentException e) {
      throw new MalformedFrameException("an advert cannot be read");
    }
  }

  private static Capability decode(CapabilityRecord record) {
    List<ModelOffer> models = new ArrayList<>();
    for (Model model : record.getModelsList()) {
      models.add(
          new ModelOffer(
              model.getName(),
              model.getDigest(),
              model.getEngine(),
              model.getSize(),
              model.getContext(),
              model.getLoaded(),
              model.getParameters(),
              model.getAccelerated(),
              AbilityCodes.decode(model.getAbilitiesList()),
              model.getResumable(),
              new Speed(
                  model.getPrefill(), model.getDecode(), Duration.ofMillis(model.getLoadMs()))));
    }
    return new Capability(
        record.getNodeName(),
        record.getSoftware(),
        models,
        record.getSlots(),
        record.getRunning(),
        record.getQueued(),
        Duration.ofMillis(record.getBacklogMs()),
        rules(record),
        record.getWantedList().stream()
            .map(each -> new Wanted(each.getModel(), each.getRequests()))
            .toList());
  }

  /** A rule of a later version is left out: its worker declines what breaks it. */
  private static List<LabelRule> rules(CapabilityRecord record) {
    List<LabelRule> rules = new ArrayList<>();
    for (String each : record.getLabelRulesList()) {
      try {
        rules.add(LabelRule.parse(each));
      } catch (IllegalArgumentException e) {
        log.debug("a label rule that this version does not know: {}", e.getMessage());
      }
    }
    return rules;
  }
}
