// A stand-in for libcuda.so.1: memory on the host, one lazy stream and others that fork from it in captures, no
// kernels. It implements what CudaDriver calls, so that the real loader, version checks, memory, errors and captures
// run where there is no GPU. Hostile on purpose: work is done only when somebody waits for it, the nodes of a graph in
// the last order that its edges allow, device addresses cannot be followed by the host, and fresh memory is poisoned.
// The environment, read at every call, says what it plays:
//     FAKE_CUDA_VERSION=11080        the driver's version (13000)
//     FAKE_CUDA_INIT=100             what cuInit gives (0)
//     FAKE_CUDA_DEVICES=2            how many GPUs there are (1)
//     FAKE_CUDA_SM=90                what they are
//     FAKE_CUDA_MEMORY=1000000       bytes of each (1 GiB)
//     FAKE_CUDA_FAIL_ALLOCATION=3    the n-th allocation from now on fails, once
//     FAKE_CUDA_FAULT_LAUNCH=2       the n-th launch from now on ends with an illegal address
//     FAKE_CUDA_ENDING=1             the process ends: the driver has closed itself
//     FAKE_CUDA_RETAIN=46            what cuDevicePrimaryCtxRetain gives
//     FAKE_CUDA_NO_PINNED=1          cuMemHostAlloc fails
//     FAKE_CUDA_COMPUTE_MODE=2       prohibited (0: anybody may use it)
//     FAKE_CUDA_POOLS=0              no stream-ordered memory
//     FAKE_CUDA_CAPTURE=901          what the end of a capture gives
//     FAKE_CUDA_NO=cuGraphLaunch     a function that this driver does not have
#include "libcuda.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/cuda/cuda_api.h"

namespace croton::runtime::cuda {

// the driver's opaque types, as this one fills them
struct CUctx_st {};
struct CUmod_st {
  std::string image;
};
struct CUfunc_st {
  std::string name;
  int dynamic_shared = 0;
};
// Of a capture: the nodes that a stream's next one must wait for.
using Ends = std::set<int>;
struct CUevent_st {
  bool is_reached = true;
  int capture = 0;  // in which it was recorded; 0: in none
  Ends ends = {};
};
struct CUmemPoolHandle_st {
  std::size_t cap = 0, used = 0, reserved = 0;
};
using Work = std::function<void()>;
struct Node {
  FakeNode seen;
  Work work;
};
struct CUgraph_st {
  std::vector<Node> nodes;
};
struct CUgraphExec_st {
  std::vector<Node> nodes;
};
struct CUstream_st {
  Ends ends = {};
};

namespace {

constexpr CUdeviceptr offset = CUdeviceptr{1} << 62;  // no host address lies there
constexpr std::size_t padding = 256;                  // in every block, for its alignment

struct Machine {
  CUctx_st context;
  std::deque<Work> queue;
  std::unique_ptr<CUgraph_st> captured;
  int captures = 0;
  std::set<CUstream> capturing;
  CUstream origin = nullptr;
  std::vector<FakeNode> last_graph;
  std::map<CUdeviceptr, std::vector<unsigned char>> memory;
  std::map<CUdeviceptr, CUmemPoolHandle_st*> pool_of;
  std::vector<CUcontext> current;
  std::vector<FakeLaunch> launches;
  std::map<void*, std::shared_ptr<void>>
      objects;  // what the driver has made, and nobody destroyed: a lost device's too
  std::size_t used = 0;
  int allocations = 0, launched = 0;
  bool is_faulty = false;
};
Machine& machine() {
  static Machine m;
  return m;
}

long setting(const char* name, long fallback) {
  const char* const value = std::getenv(name);
  return value != nullptr && *value != 0 ? std::strtol(value, nullptr, 10) : fallback;
}

std::size_t total_memory() { return static_cast<std::size_t>(setting("FAKE_CUDA_MEMORY", 1L << 30)); }

unsigned char* host(CUdeviceptr p) { return reinterpret_cast<unsigned char*>(p - offset); }

CUresult state() {
  if (setting("FAKE_CUDA_ENDING", 0) != 0) return CUDA_ERROR_DEINITIALIZED;
  return machine().is_faulty ? CUDA_ERROR_ILLEGAL_ADDRESS : CUDA_SUCCESS;
}

CUresult bad() { return CUDA_ERROR_INVALID_VALUE; }

CUresult give(CUstream stream, Work work, std::string name = "") {
  Machine& m = machine();
  if (m.capturing.count(stream) == 0) {
    if (m.captured) return bad();  // it would run at once, beside the graph
    m.queue.push_back(std::move(work));
    return state();
  }
  auto& nodes = m.captured->nodes;
  nodes.push_back({{std::move(name), {stream->ends.begin(), stream->ends.end()}}, std::move(work)});
  stream->ends = {static_cast<int>(nodes.size()) - 1};
  return state();
}

// The last node of those whose turn it may be, again and again.
std::vector<std::size_t> hostile_order(const std::vector<Node>& nodes) {
  std::vector<std::size_t> order;
  std::vector<bool> done(nodes.size());
  while (order.size() < nodes.size()) {
    std::size_t k = nodes.size() - 1;
    const auto may_run = [&] {
      return !done[k] && std::all_of(nodes[k].seen.waits_for.begin(), nodes[k].seen.waits_for.end(),
                                     [&](int before) { return done[static_cast<std::size_t>(before)]; });
    };
    while (!may_run()) --k;
    done[k] = true;
    order.push_back(k);
  }
  return order;
}

// Whether all nodes are before these, or among them.
bool are_all_before(const std::vector<Node>& nodes, const Ends& ends) {
  std::vector<int> open(ends.begin(), ends.end());
  std::set<int> seen(ends);
  while (!open.empty()) {
    const int k = open.back();
    open.pop_back();
    for (const int before : nodes[static_cast<std::size_t>(k)].seen.waits_for)
      if (seen.insert(before).second) open.push_back(before);
  }
  return seen.size() == nodes.size();
}

void run_one() {
  Machine& m = machine();
  const Work work = std::move(m.queue.front());
  m.queue.pop_front();
  if (!m.is_faulty) work();
}

CUresult drain() {
  while (!machine().queue.empty()) run_one();
  return state();
}

template <class T, class... A>
T* made(A&&... arguments) {
  auto object = std::make_shared<T>(T{std::forward<A>(arguments)...});
  T* const p = object.get();
  machine().objects.emplace(p, std::move(object));
  return p;
}
CUresult destroy(void* object) { return machine().objects.erase(object) == 1 ? CUDA_SUCCESS : bad(); }

// The block that holds these bytes; a copy outside of any is a fault.
bool is_inside(CUdeviceptr p, std::size_t bytes) {
  const auto& memory = machine().memory;
  auto block = memory.upper_bound(p);
  if (block == memory.begin()) return false;
  --block;
  return p + bytes <= block->first + block->second.size() - padding;
}

CUresult cuInit(unsigned) {
  const long result = setting("FAKE_CUDA_INIT", 0);
  return result == 0 && setting("FAKE_CUDA_DEVICES", 1) == 0 ? CUDA_ERROR_NO_DEVICE : static_cast<CUresult>(result);
}
CUresult cuGetErrorName(CUresult error, const char** text) {
  switch (error) {
#define NAME(name, value) \
  case value: *text = #name; return CUDA_SUCCESS;
    CROTON_CUDA_RESULTS(NAME)
#undef NAME
  }
  return bad();
}
CUresult cuGetErrorString(CUresult error, const char** text) {
  *text = error == CUDA_ERROR_ILLEGAL_ADDRESS ? "an illegal memory access was encountered"
          : error == CUDA_ERROR_OUT_OF_MEMORY ? "out of memory"
                                              : "a fault that the stand-in was told to show";
  return CUDA_SUCCESS;
}
CUresult cuDeviceGetCount(int* count) {
  *count = static_cast<int>(setting("FAKE_CUDA_DEVICES", 1));
  return CUDA_SUCCESS;
}
CUresult cuDeviceGet(CUdevice* device, int ordinal) {
  if (ordinal < 0 || ordinal >= setting("FAKE_CUDA_DEVICES", 1)) return CUDA_ERROR_INVALID_DEVICE;
  *device = ordinal;
  return CUDA_SUCCESS;
}
CUresult cuDeviceGetName(char* name, int length, CUdevice device) {
  std::strncpy(name, ("Stand-in " + std::to_string(device)).c_str(), static_cast<std::size_t>(length));
  return CUDA_SUCCESS;
}
CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute which, CUdevice) {
  const int sm = static_cast<int>(setting("FAKE_CUDA_SM", 90));
  switch (which) {
    case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK: *value = 1024; break;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK: *value = 48 << 10; break;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN: *value = 227 << 10; break;
    case CU_DEVICE_ATTRIBUTE_CLOCK_RATE: *value = 1'980'000; break;
    case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT: *value = 132; break;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: *value = sm / 10; break;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: *value = sm % 10; break;
    case CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED: *value = static_cast<int>(setting("FAKE_CUDA_POOLS", 1)); break;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_MODE: *value = static_cast<int>(setting("FAKE_CUDA_COMPUTE_MODE", 0)); break;
    default: return bad();
  }
  return CUDA_SUCCESS;
}
CUresult cuDeviceTotalMem(std::size_t* bytes, CUdevice) {
  *bytes = total_memory();
  return CUDA_SUCCESS;
}
CUresult cuDeviceGetUuid(CUuuid* uuid, CUdevice) {
  std::memset(uuid->bytes, 1, sizeof uuid->bytes);
  return CUDA_SUCCESS;
}
CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice) {
  const long result = setting("FAKE_CUDA_RETAIN", 0);
  if (result == 0) *context = &machine().context;
  return static_cast<CUresult>(result);
}
// A fault ends with the context, as it does with the process on a GPU.
CUresult cuDevicePrimaryCtxRelease(CUdevice) {
  Machine& m = machine();
  m.queue.clear();
  m.is_faulty = false;
  m.allocations = m.launched = 0;
  return CUDA_SUCCESS;
}
CUresult cuCtxGetCurrent(CUcontext* context) {
  *context = machine().current.empty() ? nullptr : machine().current.back();
  return CUDA_SUCCESS;
}
CUresult cuCtxPushCurrent(CUcontext context) {
  machine().current.push_back(context);
  return CUDA_SUCCESS;
}
CUresult cuCtxPopCurrent(CUcontext* context) {
  if (machine().current.empty()) return bad();
  *context = machine().current.back();
  machine().current.pop_back();
  return CUDA_SUCCESS;
}
CUresult cuMemGetInfo(std::size_t* free_bytes, std::size_t* total_bytes) {
  *total_bytes = total_memory();
  *free_bytes = *total_bytes - std::min(*total_bytes, machine().used);
  return CUDA_SUCCESS;
}
CUresult cuMemPoolCreate(CUmemoryPool* pool, const CUmemPoolProps* properties) {
  if (properties->allocType != CU_MEM_ALLOCATION_TYPE_PINNED) return bad();
  *pool = made<CUmemPoolHandle_st>(properties->maxSize);
  return CUDA_SUCCESS;
}
CUresult cuMemPoolDestroy(CUmemoryPool pool) {
  machine().used -= pool->reserved;
  return destroy(pool);
}
CUresult cuMemPoolTrimTo(CUmemoryPool pool, std::size_t) {
  machine().used -= pool->reserved - pool->used;
  pool->reserved = pool->used;
  return CUDA_SUCCESS;
}
CUresult cuMemPoolSetAttribute(CUmemoryPool, CUmemPool_attribute which, void*) {
  return which == CU_MEMPOOL_ATTR_RELEASE_THRESHOLD ? CUDA_SUCCESS : bad();
}
CUresult cuMemPoolGetAttribute(CUmemoryPool pool, CUmemPool_attribute which, void* value) {
  const std::uint64_t bytes = which == CU_MEMPOOL_ATTR_USED_MEM_CURRENT ? pool->used : pool->reserved;
  std::memcpy(value, &bytes, sizeof bytes);
  return CUDA_SUCCESS;
}
CUresult cuMemAllocFromPoolAsync(CUdeviceptr* address, std::size_t bytes, CUmemoryPool pool, CUstream) {
  Machine& m = machine();
  if (m.is_faulty) return state();
  if (bytes == 0 || m.captured) return bad();
  if (++m.allocations == setting("FAKE_CUDA_FAIL_ALLOCATION", 0)) return CUDA_ERROR_OUT_OF_MEMORY;
  const std::size_t kept = pool->reserved - pool->used, more = bytes > kept ? bytes - kept : 0;
  if (pool->cap != 0 && pool->reserved + more > pool->cap) return CUDA_ERROR_OUT_OF_MEMORY;
  if (m.used + more > total_memory()) return CUDA_ERROR_OUT_OF_MEMORY;
  m.used += more;
  pool->reserved += more;
  pool->used += bytes;
  std::vector<unsigned char> block(bytes + padding, 0xcd);
  auto at = reinterpret_cast<CUdeviceptr>(block.data());
  at = (at + 255) / 256 * 256 + offset;
  *address = at;
  m.pool_of[at] = pool;
  m.memory.emplace(at, std::move(block));
  return CUDA_SUCCESS;
}
CUresult cuMemFreeAsync(CUdeviceptr address, CUstream stream) {
  return give(stream, [address] {
    Machine& m = machine();
    const auto block = m.memory.find(address);
    if (block == m.memory.end()) {
      m.is_faulty = true;
      return;
    }
    m.pool_of[address]->used -= block->second.size() - padding;
    m.pool_of.erase(address);
    m.memory.erase(block);
  });
}
CUresult cuMemHostAlloc(void** address, std::size_t bytes, unsigned) {
  if (setting("FAKE_CUDA_NO_PINNED", 0) != 0) return CUDA_ERROR_OUT_OF_MEMORY;
  *address = std::malloc(bytes);
  machine().objects.emplace(*address, std::shared_ptr<void>(*address, std::free));
  return CUDA_SUCCESS;
}
CUresult cuMemFreeHost(void* address) { return destroy(address); }
CUresult cuMemcpyHtoDAsync(CUdeviceptr to, const void* from, std::size_t bytes, CUstream stream) {
  return give(stream, [=] {
    if (!is_inside(to, bytes))
      machine().is_faulty = true;
    else
      std::memcpy(host(to), from, bytes);
  });
}
CUresult cuMemcpyDtoHAsync(void* to, CUdeviceptr from, std::size_t bytes, CUstream stream) {
  return give(stream, [=] {
    if (!is_inside(from, bytes))
      machine().is_faulty = true;
    else
      std::memcpy(to, host(from), bytes);
  });
}
CUresult cuMemcpyDtoDAsync(CUdeviceptr to, CUdeviceptr from, std::size_t bytes, CUstream stream) {
  const auto copy = [=] {
    if (!is_inside(to, bytes) || !is_inside(from, bytes))
      machine().is_faulty = true;
    else
      std::memcpy(host(to), host(from), bytes);
  };
  return give(stream, copy, "copy");
}
CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, std::size_t bytes, CUstream stream) {
  const auto set = [=] {
    if (!is_inside(to, bytes))
      machine().is_faulty = true;
    else
      std::memset(host(to), value, bytes);
  };
  return give(stream, set, "set");
}
CUresult cuMemsetD2D8Async(CUdeviceptr to, std::size_t pitch, unsigned char value, std::size_t width,
                           std::size_t height, CUstream stream) {
  const auto set = [=] {
    for (std::size_t row = 0; row < height; ++row) std::memset(host(to + row * pitch), value, width);
  };
  return give(stream, set, "set");
}
CUresult cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned, CUjit_option*, void**) {
  const char* const text = static_cast<const char*>(image);
  if (std::strncmp(text, "code ", 5) != 0) return CUDA_ERROR_INVALID_IMAGE;
  *module = made<CUmod_st>(text);
  return CUDA_SUCCESS;
}
CUresult cuModuleGetFunction(CUfunction* function, CUmodule module, const char* name) {
  if (module->image.find(" " + std::string(name) + ";") == std::string::npos) return CUDA_ERROR_NOT_FOUND;
  static std::map<std::string, CUfunc_st> functions;
  *function = &(functions[name] = {name, 0});
  return CUDA_SUCCESS;
}
CUresult cuModuleUnload(CUmodule module) { return destroy(module); }
CUresult cuFuncGetAttribute(int* value, CUfunction_attribute which, CUfunction) {
  *value = which == CU_FUNC_ATTRIBUTE_NUM_REGS ? 32 : which == CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES ? 1024 : 0;
  return CUDA_SUCCESS;
}
CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute which, int value) {
  if (which != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES) return bad();
  function->dynamic_shared = value;
  return CUDA_SUCCESS;
}
CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                        unsigned block_y, unsigned block_z, unsigned shared_bytes, CUstream stream, void** parameters,
                        void** extra) {
  if (parameters != nullptr || grid_x == 0 || grid_y * grid_z * block_y * block_z != 1) return bad();
  if (block_x > 1024) return bad();
  const int usual = (48 << 10) - 1024;
  if (static_cast<int>(shared_bytes) > std::max(usual, function->dynamic_shared)) return bad();
  FakeLaunch launch{function->name, grid_x, block_x, shared_bytes, {}};
  for (void** entry = extra; entry != nullptr && *entry != nullptr; entry += 2) {
    if (reinterpret_cast<std::uintptr_t>(*entry) != launch_parameters_pointer) continue;
    launch.parameters.assign(static_cast<const char*>(entry[1]), *static_cast<const std::size_t*>(entry[3]));
  }
  const auto run = [launch] {
    Machine& m = machine();
    m.launches.push_back(launch);
    if (++m.launched == setting("FAKE_CUDA_FAULT_LAUNCH", 0)) m.is_faulty = true;
  };
  return give(stream, run, launch.name);
}
CUresult cuStreamCreate(CUstream* stream, unsigned) {
  *stream = made<CUstream_st>();
  return CUDA_SUCCESS;
}
CUresult cuStreamDestroy(CUstream stream) { return destroy(stream); }
CUresult cuStreamSynchronize(CUstream) { return machine().captured ? CUDA_ERROR_STREAM_CAPTURE_INVALIDATED : drain(); }
CUresult cuStreamBeginCapture(CUstream stream, CUstreamCaptureMode) {
  Machine& m = machine();
  m.captured = std::make_unique<CUgraph_st>();
  ++m.captures;
  m.origin = stream;
  m.capturing = {stream};
  stream->ends.clear();
  return state();
}
// A stream joins the capture in which the event was recorded.
CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned flags) {
  Machine& m = machine();
  if (flags != CU_EVENT_WAIT_DEFAULT || !m.captured || event->capture != m.captures) return bad();
  if (m.capturing.insert(stream).second) stream->ends.clear();
  stream->ends.insert(event->ends.begin(), event->ends.end());
  return state();
}
CUresult cuStreamEndCapture(CUstream stream, CUgraph* graph) {
  Machine& m = machine();
  if (stream != m.origin) return bad();
  const auto captured = std::move(m.captured);
  m.capturing.clear();
  if (setting("FAKE_CUDA_CAPTURE", 0) != 0) return static_cast<CUresult>(setting("FAKE_CUDA_CAPTURE", 0));
  if (!are_all_before(captured->nodes, stream->ends)) return CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
  m.last_graph.clear();
  for (const Node& node : captured->nodes) m.last_graph.push_back(node.seen);
  *graph = new CUgraph_st(*captured);
  return state();
}
CUresult cuGraphInstantiateWithFlags(CUgraphExec* executable, CUgraph graph, unsigned long long) {
  *executable = made<CUgraphExec_st>(graph->nodes);
  return state();
}
CUresult cuGraphLaunch(CUgraphExec executable, CUstream stream) {
  for (const std::size_t k : hostile_order(executable->nodes)) give(stream, executable->nodes[k].work);
  return state();
}
CUresult cuGraphDestroy(CUgraph graph) {
  delete graph;
  return CUDA_SUCCESS;
}
CUresult cuGraphExecDestroy(CUgraphExec executable) { return destroy(executable); }
CUresult cuEventCreate(CUevent* event, unsigned) {
  *event = made<CUevent_st>();
  return CUDA_SUCCESS;
}
CUresult cuEventRecord(CUevent event, CUstream stream) {
  Machine& m = machine();
  if (m.capturing.count(stream) == 1) {
    event->capture = m.captures;
    event->ends = stream->ends;
    return state();
  }
  event->capture = 0;
  event->is_reached = false;
  return give(stream, [event] { event->is_reached = true; });
}
// Asking moves the work on a little, as time does.
CUresult cuEventQuery(CUevent event) {
  if (!event->is_reached && !machine().queue.empty()) {
    run_one();
    return machine().is_faulty ? state() : CUDA_ERROR_NOT_READY;
  }
  return machine().is_faulty ? state() : event->is_reached ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
}
CUresult cuEventSynchronize(CUevent event) {
  while (!event->is_reached && !machine().queue.empty()) run_one();
  return state();
}
CUresult cuEventDestroy(CUevent event) { return destroy(event); }

}  // namespace
}  // namespace croton::runtime::cuda

using namespace croton::runtime::cuda;

extern "C" {

CUresult cuDriverGetVersion(int* version) {
  *version = static_cast<int>(setting("FAKE_CUDA_VERSION", 13000));
  return CUDA_SUCCESS;
}

CUresult cuGetProcAddress_v2(const char* symbol, void** function, int version, std::uint64_t, int*) {
  if (version != driver_interface) return bad();
  const char* const left_out = std::getenv("FAKE_CUDA_NO");
  if (left_out != nullptr && std::strcmp(left_out, symbol) == 0) return CUDA_ERROR_NOT_FOUND;
#define GIVE(name, parameters)                  \
  if (std::strcmp(symbol, #name) == 0) {        \
    *function = reinterpret_cast<void*>(&name); \
    return CUDA_SUCCESS;                        \
  }
  CROTON_CUDA_DRIVER(GIVE)
#undef GIVE
  return CUDA_ERROR_NOT_FOUND;
}

const std::vector<FakeLaunch>* fake_cuda_launches() { return &machine().launches; }

const std::vector<FakeNode>* fake_cuda_graph() { return &machine().last_graph; }

void fake_cuda_give(CUstream stream, const std::function<void()>& work) { give(stream, work, "product"); }

bool fake_cuda_is_capturing() { return machine().captured != nullptr; }
void* fake_cuda_host(const void* device) { return host(reinterpret_cast<CUdeviceptr>(device)); }
}
