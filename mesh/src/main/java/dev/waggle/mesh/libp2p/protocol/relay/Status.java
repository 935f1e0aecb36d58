package dev.waggle.mesh.libp2p.protocol.relay;

/** What a relay or its client answers (circuit-v2.md "Protobuf"). */
enum Status {
  OK(100),
  RESERVATION_REFUSED(200),
  RESOURCE_LIMIT_EXCEEDED(201),
  PERMISSION_DENIED(202),
  CONNECTION_FAILED(203),
  NO_RESERVATION(204),
  MALFORMED_MESSAGE(400),
  UNEXPECTED_MESSAGE(401);

  final int code;

  Status(int code) {
    this.code = code;
  }

  /** What a code means to people. */
  static String describe(int code) {
    for (Status status : values()) {
      if (status.code == code) {
        return status.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
      }
    }
    return "status " + code;
  }
}
