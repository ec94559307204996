#include "debugadapter/cli/app.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <exception>
#include <ostream>

#include "debugadapter/protocol/json_text.h"
#include "debugadapter/transport/listener.h"
#include "debugadapter/transport/message_log.h"
#include "debugadapter/transport/serve.h"
#include "runtime/base/text.h"
#include "runtime/base/token.h"

namespace batchscope::dap {
namespace {

constexpr int kWrongUsage = 2;
constexpr int kOther = 1;
constexpr const char* kFooter =
    "Speaks the Debug Adapter Protocol: over stdin and stdout, or with --listen over TCP with clients of this "
    "machine.\n"
    "These show the token, which stands in the line that is printed, as \"token\" of their attach or launch request.\n"
    "attach: \"run\" is a folder, an id or \"latest\" (the default). launch: \"step\" is a step file.";

struct Options {
  std::filesystem::path home;
  std::filesystem::path log;
  std::filesystem::path token_file;
  std::optional<std::uint16_t> port;
};

/// Readable when SIGINT, SIGTERM or SIGHUP came; they do nothing else from now on. SIGPIPE is ignored.
Result<UniqueFd> TakeSignals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, number);
  if (const int code = ::pthread_sigmask(SIG_BLOCK, &signals, nullptr); code != 0) {
    return Status::FromErrno("pthread_sigmask", code);
  }
  UniqueFd fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) return Status::FromErrno("signalfd", errno);
  return fd;
}

Status Listen(const Options& options, transport::ServeOptions serve, std::ostream& words) {
  BATCHSCOPE_ASSIGN_OR_RETURN(serve.session.token,
                              options.token_file.empty() ? MakeToken() : ReadToken(options.token_file));
  BATCHSCOPE_ASSIGN_OR_RETURN(transport::Listener listener, transport::Listener::Bind(*options.port));
  protocol::Json line = {{"port", listener.port()}};
  if (options.token_file.empty()) line["token"] = serve.session.token;
  words << protocol::WriteJson(line) << std::endl;
  listener.Serve(serve);
  return {};
}

/// What anything else in this process prints must not get between the messages: it goes to stderr.
Result<UniqueFd> TakeAway(int out) {
  UniqueFd ours(::fcntl(out, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!ours.valid()) return Status::FromErrno("stdout cannot be written to", errno);
  if (out == STDOUT_FILENO) ::dup2(STDERR_FILENO, STDOUT_FILENO);
  return ours;
}

Status Do(const Options& options, int in, int out, std::ostream& words) {
  if (!options.log.empty()) {
    BATCHSCOPE_RETURN_IF_ERROR(transport::MessageLog::Open(options.log).status().Within("--log"));
  }
  BATCHSCOPE_ASSIGN_OR_RETURN(const UniqueFd stop, TakeSignals());
  transport::ServeOptions serve;
  serve.home = options.home;
  serve.log = options.log;
  serve.stop_fd = stop.get();
  if (options.port) return Listen(options, serve, words);
  BATCHSCOPE_ASSIGN_OR_RETURN(const UniqueFd messages, TakeAway(out));
  transport::Serve(in, messages.get(), serve);
  return {};
}

int MainOrThrow(int argc, const char* const* argv, int in, int out, std::ostream& words, std::ostream& errors) {
  CLI::App app("Debugs all workers of a Batchscope run as threads of one debuggee", "batchscope-dap");
  app.set_version_flag("--version", std::string("batchscope-dap ") + BATCHSCOPE_VERSION);
  app.footer(kFooter);
  Options options;
  app.add_option("--home", options.home,
                 "The folder the runs lie in (default: $BATCHSCOPE_HOME/runs or ~/.local/share/batchscope/runs)")
      ->type_name("DIR");
  CLI::Option* listen =
      app.add_option("--listen", options.port,
                     "Listen at this TCP port of 127.0.0.1 (0: any free one) and print a line of JSON "
                     "with \"port\" and \"token\"")
          ->type_name("PORT");
  app.add_option("--token-file", options.token_file,
                 "Take the token (at least 32 characters) from this file of yours, of mode 0600; it is not printed")
      ->type_name("FILE")
      ->needs(listen);
  app.add_option("--log", options.log, "Append every message of the protocol to this file, a line each")
      ->type_name("FILE");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {  // Also --help and --version.
    return app.exit(problem, words, errors) == 0 ? 0 : kWrongUsage;
  }
  const Status done = Do(options, in, out, words);
  if (done.ok()) return 0;
  errors << "batchscope-dap: " << ToDisplay(done.message()) << std::endl;
  return kOther;
}

}  // namespace

int Main(int argc, const char* const* argv, int in, int out, std::ostream& words, std::ostream& errors) {
  try {
    return MainOrThrow(argc, argv, in, out, words, errors);
  } catch (const std::exception& problem) {
    errors << "batchscope-dap: " << problem.what() << std::endl;
    return kOther;
  }
}

}  // namespace batchscope::dap
