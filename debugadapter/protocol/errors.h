#pragma once

namespace batchscope::protocol {

/// The `id` of an error a client gets: what kind of mistake or misfortune it is. Numbers are not given anew.
enum ErrorId : int {
  kMalformed = 1001,        ///< The message is no request, or a field has the wrong type.
  kUnknownCommand = 1002,   ///< A request that this adapter does not serve.
  kWrongState = 1003,       ///< Not now: before attach, after the end, while the worker runs.
  kWrongToken = 1004,       ///< Over TCP, without the right token.
  kNoSuchId = 1005,         ///< A thread, frame, variable, source or target that is gone or never was.
  kCannotJoin = 1006,       ///< No run, or it did not take us.
  kWorkerGone = 1007,       ///< The worker ended, or its debugger, before it answered.
  kCancelled = 1008,        ///< The client cancelled the request.
  kSessionOver = 1009,      ///< The session ended before the answer was there.
  kRefusedByWorker = 1010,  ///< The worker's debugger said no.
};

}  // namespace batchscope::protocol
