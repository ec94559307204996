#pragma once
#include <memory>

namespace xeus {
class xhistory_manager;
class xinterpreter;
}  // namespace xeus

namespace batchscope::kernel {

class Driver;

// What xeus asks of an interpreter, answered by IPython on the Python side. Lives on the main thread; kernel_info alone
// may be asked from the control thread too, and is therefore fetched once, here.
std::unique_ptr<xeus::xinterpreter> MakeInterpreter(Driver& driver);

// History as IPython keeps it: in its database, over sessions, with line numbers.
std::unique_ptr<xeus::xhistory_manager> MakeHistory(Driver& driver);

}  // namespace batchscope::kernel
