#pragma once
#include <functional>
#include <string>
#include <vector>

namespace batchscope::kernel {

// The Python side (kernel/python/driver.py) as C++ sees it. JSON text crosses, so that neither side knows the other's
// objects.
class Driver {
 public:
  virtual ~Driver() = default;
  Driver() = default;
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  // Calls the driver's method of this name with the members of `arguments` (a JSON object) as keywords; returns its
  // result as JSON. Takes the GIL. When Python raises (a defect of the kernel: user code is caught there) the result is
  // a JSON object with status "error", ename, evalue and traceback.
  virtual std::string Call(const std::string& method, const std::string& arguments) = 0;
  virtual std::string CallWithBuffers(const std::string& method, const std::string& arguments,
                                      std::vector<std::string>&& buffers) = 0;
};

}  // namespace batchscope::kernel
