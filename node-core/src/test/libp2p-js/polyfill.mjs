// Node 20 lacks what js-libp2p expects of Node 22.
Promise.withResolvers ??= function () {
  let resolve;
  let reject;
  const promise = new this((onDone, onFailed) => {
    resolve = onDone;
    reject = onFailed;
  });
  return { promise, resolve, reject };
};
