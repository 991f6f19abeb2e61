/** The program behind the window: the door's commands over the bindings that the shell generates. */
import { Channel } from "@tauri-apps/api/core";
import { type Backend, BackendError } from "./backend";
import { type Beginning, commands, type Failure } from "./bindings";

declare global {
  interface Window {
    /**
     * What the shell asked before this script was read (`src-tauri/src/first_call.rs`); missing where a web view runs
     * nothing that early, and then this script asks.
     */
    beginning?: Promise<Beginning>;
  }
}

type Answer<T> = { status: "ok"; data: T } | { status: "error"; error: Failure };

/** What a command answers, or the error that the window switches on. */
async function result<T>(answer: Promise<Answer<T>>): Promise<T> {
  const settled = await answer;
  if (settled.status === "ok") return settled.data;
  // A call that the shell does not understand is refused with bare text.
  const error: Failure | string = settled.error;
  if (typeof error === "string") throw new BackendError("internal", error, "");
  throw new BackendError(error.code, error.message, error.hint, error.parts);
}

/** A bare call, answered as the bindings answer theirs. */
function settled<T>(call: Promise<T>): Promise<Answer<T>> {
  return call.then(
    (data) => ({ status: "ok", data }),
    (error: Failure) => ({ status: "error", error }),
  );
}

async function done(answer: Promise<Answer<null>>): Promise<void> {
  await result(answer);
}

export function createBackend(): Backend {
  return {
    started: () => result(window.beginning ? settled(window.beginning) : commands.started()),
    listen: (onNews) => done(commands.listen(new Channel(onNews))),
    startAgain: () => done(commands.startAgain()),
    closingShown: () => done(commands.closingShown()),
    closeWindow: () => done(commands.closeWindow()),

    discover: (operation, options, onEvent) =>
      result(commands.discover(operation, options, new Channel(onEvent))),
    cancel: (operation) => done(commands.cancel(operation)),
    networks: () => result(commands.networks()),

    sites: () => result(commands.sites()),
    saveSite: (site) => result(commands.saveSite(site)),
    removeSite: (id) => done(commands.removeSite(id)),
    chooseClientCertificate: () => result(commands.chooseClientCertificate()),
    unlockClientCertificate: (password) => done(commands.unlockClientCertificate(password)),
    importSites: () => result(commands.importSites()),
    exportSites: (vendorColumns) => result(commands.exportSites(vendorColumns)),
    exportFound: () => result(commands.exportFound()),
    facts: (target) => result(commands.facts(target)),
    forgetCertificate: (target) => done(commands.forgetCertificate(target)),
    forgetLogIn: (target) => done(commands.forgetLogIn(target)),

    preferences: () => result(commands.preferences()),
    setPreferences: (preferences) => result(commands.setPreferences(preferences)),
    checkCriteria: (text) => result(commands.checkCriteria(text)),
    addSubnet: (text, subnet) => result(commands.addSubnet(text, subnet)),
    lookUpNames: (text) => result(commands.lookUpNames(text)),

    resumeLogIn: (operation, target) => result(commands.resumeLogIn(operation, target)),
    resumeSecurityLogIn: (operation, target) => result(commands.resumeSecurityLogIn(operation, target)),
    logIn: (operation, request) => result(commands.logIn(operation, request)),
    answerLogIn: (operation, attempt, answer) => result(commands.answerLogIn(operation, attempt, answer)),
    changePassword: (operation, target, password) =>
      result(commands.changePassword(operation, target, password)),
    skipKeychain: () => done(commands.skipKeychain()),

    receive: (operation, target, onProgress) =>
      result(commands.receive(operation, target, new Channel(onProgress))),
    openFile: (target) => result(commands.openFile(target)),
    saveFile: (document) => result(commands.saveFile(document)),
    closeDocument: (document) => done(commands.closeDocument(document)),
    entityKinds: (document) => result(commands.entityKinds(document)),
    entities: (document, kind) => result(commands.entities(document, kind)),
    entity: (document, entity) => result(commands.entity(document, entity)),
    setValue: (document, entity, path, value) => result(commands.setValue(document, entity, path, value)),
    undo: (document) => result(commands.undo(document)),
    redo: (document) => result(commands.redo(document)),
    changes: (document) => result(commands.changes(document)),
    problems: (document) => result(commands.problems(document)),
    search: (document, text) => result(commands.search(document, text)),
    revealSecret: (document, entity, path) => result(commands.revealSecret(document, entity, path)),

    compareWithUnit: (operation, document, onProgress) =>
      result(commands.compareWithUnit(operation, document, new Channel(onProgress))),
    lookAtConflict: (operation, document, onProgress) =>
      result(commands.lookAtConflict(operation, document, new Channel(onProgress))),
    rebase: (operation, document, onProgress) =>
      result(commands.rebase(operation, document, new Channel(onProgress))),
    send: (operation, document, options, onProgress) =>
      result(commands.send(operation, document, options, new Channel(onProgress))),
    reboot: (operation, target, options) => result(commands.reboot(operation, target, options)),
    watchUntilBack: (operation, target, onEvent) =>
      result(commands.watchUntilBack(operation, target, new Channel(onEvent))),

    readList: (operation, target, list, onProgress) =>
      result(commands.readList(operation, target, list, new Channel(onProgress))),
    saveTable: (name, table) => result(commands.saveTable(name, table)),
    openSecurity: (operation, target, onProgress) =>
      result(commands.openSecurity(operation, target, new Channel(onProgress))),
    editSecurity: (id, edit) => result(commands.editSecurity(id, edit)),
    setSecurityPassword: (id, user, password) => result(commands.setSecurityPassword(id, user, password)),
    undoSecurity: (id) => result(commands.undoSecurity(id)),
    redoSecurity: (id) => result(commands.redoSecurity(id)),
    sendSecurity: (operation, id, options, onProgress) =>
      result(commands.sendSecurity(operation, id, options, new Channel(onProgress))),
    compareSecurity: (operation, id, onProgress) =>
      result(commands.compareSecurity(operation, id, new Channel(onProgress))),
    rebaseSecurity: (id) => result(commands.rebaseSecurity(id)),
    exportSecurity: (id) => result(commands.exportSecurity(id)),
    closeSecurity: (id) => done(commands.closeSecurity(id)),

    receiveAudit: (operation, target, onProgress) =>
      result(commands.receiveAudit(operation, target, new Channel(onProgress))),
    keptAudit: (target, sha256) => result(commands.keptAudit(target, sha256)),

    activity: () => result(commands.activity()),
    exportActivity: () => result(commands.exportActivity()),

    setWindowState: (state) => done(commands.setWindowState(state)),
    // The web view's own clipboard needs no permission in the shell.
    copyText: (text) => navigator.clipboard.writeText(text),
  };
}
